"""The costs of a whole search space, before any training."""
