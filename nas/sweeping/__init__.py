"""How the cost of a network grows as it is adjusted step by step, where it jumps, and why."""
