"""A network as a list of operators, read from a TFLite file or from Keras."""
