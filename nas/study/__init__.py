"""Optuna's side: candidates, records, the loop and its workers."""
