"""What a reader may take, at most, whatever bytes it is given."""

import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

MAX_SECONDS = 10.0
"""Of a machine that is busy and traces every allocation; alone it takes a tenth."""

MAX_BYTES = 64 << 20


@contextmanager
def bounded(name: str) -> Iterator[None]:
    """Fail where the body takes too long or too much memory."""
    tracemalloc.start()
    start = time.perf_counter()
    try:
        yield
        seconds, peak_bytes = time.perf_counter() - start, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seconds <= MAX_SECONDS, f"{name}: {seconds:.1f} s"
    assert peak_bytes <= MAX_BYTES, f"{name}: {peak_bytes >> 20} MiB"
