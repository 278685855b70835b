"""Optuna's side: the study, its loop, and what it tells of each candidate."""
