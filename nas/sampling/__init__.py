"""What is trained next, and what is trained no further."""
