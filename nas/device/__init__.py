"""The real device: what is attached, whether it can be used, and what it measures."""
