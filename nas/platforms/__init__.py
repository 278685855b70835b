"""Edge TPU or CPU: which one runs a network sooner, and on less energy."""
