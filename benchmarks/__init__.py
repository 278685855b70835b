"""Measurements of speed and quality, with reference results beside them."""
