"""Metric depth and semantic labels from one camera; importing this needs neither torch nor ROS."""
