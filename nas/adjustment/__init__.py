"""Changes of size to any functional Keras model: depth, width, input, classes."""
