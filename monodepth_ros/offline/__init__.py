"""Images, videos and bags in; pictures, depth, clouds, videos and bags out; without ROS."""
