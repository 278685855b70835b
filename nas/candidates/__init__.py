"""One network of a search space, read but not trained."""
