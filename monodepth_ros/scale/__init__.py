"""Metres that the robot can vouch for: NumPy only, no ROS and no torch."""
