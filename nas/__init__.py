"""Neural architecture search for the Coral Edge TPU."""
