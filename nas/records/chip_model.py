"""The chip model of a run."""

from nas.calibrating.profile import read_profile
from nas.edgetpu.estimator import Estimator
from nas.records.run import RunConfig


def make_estimator(config: RunConfig) -> Estimator:
    """Make the chip model of the run's device.

    Raises:
        UserError: Its profile cannot be read.
    """
    if config.profile is not None:
        return read_profile(config.profile).estimator()
    return Estimator(link=config.link, clock_mhz=config.clock_mhz, host=config.host)
