"""The compiler and the devices that a search measures with."""

import functools

from nas.compiler.compile_cache import CompileCache, default_folder
from nas.compiler.compiler import compile_model, find_compiler
from nas.device.opening import FIRST, open_devices, parse_device_names
from nas.device.pool import GIVEN_UP_AFTER, DevicePool
from nas.errors import UserError
from nas.records.run import Settings


def open_bench(settings: Settings) -> tuple[DevicePool | None, str | None]:
    """Open what a run measures with.

    Args:
        settings: The run; ``auto`` means the first Edge TPU of this host, if it answers.

    Returns:
        The devices, ``None`` where latencies are estimated, and why ``auto`` does that.

    Raises:
        UserError: What was named is no device or does not answer; the line says what to do.
    """
    match settings.device:
        case "estimate":
            return None, None
        case "auto":
            try:
                return _open(settings, (FIRST,)), None
            except UserError as error:
                return None, f"latencies are estimated, not measured: {error}"
        case names:
            return _open(settings, parse_device_names(names)), None


def _open(settings: Settings, names: tuple[str, ...]) -> DevicePool:
    devices = open_devices(names)
    try:
        compiler = find_compiler(settings.compiler)
    except UserError as error:
        for device in devices.values():
            device.close()
        raise UserError(f"a device measures what is compiled for it: {error}") from None
    compile_here = functools.partial(
        compile_model, compiler=compiler, cache=CompileCache(default_folder())
    )
    return DevicePool(devices, compile_here, settings.device_failures or GIVEN_UP_AFTER)
