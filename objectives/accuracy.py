"""Accuracy of the int8 network."""

from objectives.objective import Objective

ACCURACY = Objective("accuracy", "int8 validation accuracy", "maximize", pessimistic=0.0)
