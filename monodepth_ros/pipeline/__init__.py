"""From a camera image to a prediction, around an inference engine: NumPy and OpenCV only."""
