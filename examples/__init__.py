"""The three published studies, done again."""
