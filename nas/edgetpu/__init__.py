"""The chip: where a network's operators run, and what that costs."""
