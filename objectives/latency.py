"""Time of one inference."""

from objectives.objective import Objective

LATENCY_MS = Objective("latency_ms", "Latency (ms)", "minimize", pessimistic=1e5)
MACS = Objective("macs", "Multiply-accumulates", "minimize", pessimistic=1e12)
