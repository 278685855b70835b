"""Energy of one inference."""

from objectives.objective import Objective

ENERGY_MJ = Objective("energy_mj", "Energy (mJ)", "minimize", pessimistic=1e6)
