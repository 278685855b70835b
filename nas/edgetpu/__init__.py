"""The chip: reading a network, placing it, and costing it."""
