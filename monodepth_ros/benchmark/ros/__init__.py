"""The benchmark's processes that need ROS; nothing else imports them."""
