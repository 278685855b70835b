"""The compiler and the devices that a search measures with."""

import functools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from nas.calibrating.calibration_networks import REFERENCE, CalibrationNetwork
from nas.compiler.compile_cache import CompileCache, default_folder
from nas.compiler.compiler import compile_model, find_compiler
from nas.device.measurer import Measurer
from nas.device.opening import FIRST, open_devices, parse_device_names, share_a_host
from nas.device.pool import GIVEN_UP_AFTER, Compile, DevicePool
from nas.device.power import AUTO, PowerError
from nas.device.reference import give_reference
from nas.errors import CandidateError, UserError
from nas.records.run import Settings
from nas.tensorflow_settings import native_output_to, quiet_tensorflow

_EXAMPLES = 2


def open_bench(settings: Settings) -> tuple[DevicePool | None, list[str]]:
    """Open what a run measures with, and let each device measure the reference model.

    Args:
        settings: The run; ``auto`` means the first Edge TPU of this host, if it answers.

    Returns:
        The devices, ``None`` where latencies are estimated, and in a line each what is done
        otherwise than one may expect.

    Raises:
        UserError: What was named is no device or no power sensor, or does not answer; the line
            says what to do.
    """
    match settings.device:
        case "estimate":
            return None, []
        case "auto":
            try:
                return _open(settings, (FIRST,))
            except UserError as error:
                return None, [f"latencies are estimated, not measured: {error}"]
        case names:
            return _open(settings, parse_device_names(names))


def convert(network: CalibrationNetwork) -> bytes:
    """Build a network and convert it to int8; this alone loads TensorFlow.

    Raises:
        CandidateError: It cannot be converted.
    """
    quiet_tensorflow()
    with native_output_to(Path(os.devnull)):
        import numpy as np

        from nas.data.dataset import Split
        from nas.evaluation.quantization import quantize

        noise = np.random.default_rng(network.seed).integers(
            0, 256, (_EXAMPLES, *network.shape), dtype=np.uint8
        )
        return quantize(network.build(), Split(noise, np.zeros(_EXAMPLES, np.int32)))


def _open(settings: Settings, names: tuple[str, ...]) -> tuple[DevicePool, list[str]]:
    cannot_tell = _sees_several(names, settings.power)
    devices = open_devices(names, None if cannot_tell else settings.power)
    try:
        compile_here = _compiler(settings)
        notes = [*cannot_tell, *_try_power(devices, settings.power)]
        notes += _give_reference(devices, compile_here)
    except BaseException:
        for device in devices.values():
            device.close()
        raise
    return DevicePool(devices, compile_here, settings.device_failures or GIVEN_UP_AFTER), notes


def _compiler(settings: Settings) -> Compile:
    try:
        compiler = find_compiler(settings.compiler)
    except UserError as error:
        raise UserError(f"a device measures what is compiled for it: {error}") from None
    return functools.partial(compile_model, compiler=compiler, cache=CompileCache(default_folder()))


def _sees_several(names: Sequence[str], power: str) -> list[str]:
    """Say that energy is estimated, where one sensor would see several devices.

    Raises:
        UserError: One was named.
    """
    if not (share_a_host(names) or (power.endswith(".csv") and len(names) > 1)):
        return []
    line = "one power sensor cannot tell several devices apart"
    if power != AUTO:
        raise UserError(f"power {power!r}: {line}: name one device")
    return [f"energy is estimated, not measured: {line}"]


def _try_power(devices: Mapping[str, Measurer], power: str) -> list[str]:
    """Say where energy is estimated because there is no power sensor.

    Raises:
        UserError: One that was named tells nothing.
    """
    notes = []
    for name, device in devices.items():
        try:
            device.try_power()
        except PowerError as error:
            if power != AUTO:
                raise UserError(f"power {power!r} of device {name}: {error}") from error
            notes.append(f"{name}: energy is estimated, not measured: {error}")
    return notes


def _give_reference(devices: Mapping[str, Measurer], compile_here: Compile) -> list[str]:
    """Say on which devices drift from one candidate to the next is not seen."""
    try:
        answer = compile_here(convert(REFERENCE))
    except (CandidateError, UserError) as error:
        return [f"drift from one candidate to the next is not seen: {error}"]
    problems = {name: give_reference(device, answer) for name, device in devices.items()}
    return [
        f"{name}: drift from one candidate to the next is not seen: {problem}"
        for name, problem in problems.items()
        if problem is not None
    ]
