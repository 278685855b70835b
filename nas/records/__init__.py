"""What a run keeps on disk, and what follows from it."""
