"""The real agent and interpreter in a process of their own, with a stand-in for libedgetpu."""

import hashlib
import json
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from nas.device.channel import Channel
from nas.device.failures import DeviceError
from nas.device.measurement import Policy
from nas.device.measurer import Measured, Measurer
from nas.device.session import BOOTSTRAP, AgentOptions, AgentSession, BlockSettings, Limits
from nas.device.session import local_command as python_command
from tests.device import faulty_agent
from tests.device.stub_models import stub_model

BRIEF = Policy(blocks=1, reruns=0, block=BlockSettings(block_s=0, least=5, warmup_most=1))
LIMITS = Limits(hello_s=30, block_s=1.0, grace_s=0.3)
ONE = BlockSettings(block_s=0, least=1, warmup_most=1)


@pytest.fixture
def options(stub_library: str, tmp_path: Path) -> AgentOptions:
    return AgentOptions(library=stub_library, folder=str(tmp_path / "board"))


def measurer(
    options: AgentOptions,
    command: Sequence[str] | None = None,
    *,
    policy: Policy = BRIEF,
    attempts: int = 4,
) -> Measurer:
    return Measurer(
        "board", command or python_command(), options, policy=policy, limits=LIMITS,
        retry_after_s=[0.0] * (attempts - 1),
    )  # fmt: skip


def test_a_model_is_measured_with_its_upload_kept_apart(
    options: AgentOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB_DEVICES", "1")
    block = BlockSettings(block_s=0.03)
    policy = Policy(blocks=3, block=block, outlier=0.5, drift=0.5, change=9.0)
    device = measurer(options, policy=policy)
    device.refer_to(stub_model(""))
    measured = device.measure(stub_model("delay_us=2000 upload_us=50000"))
    device.close()
    figures = measured.figures
    assert figures.is_good, figures.reason
    assert figures.first_ms > 50
    assert 2.0 < figures.q1_ms <= figures.median_ms < 20
    assert figures.reference_ms is not None
    assert figures.reference_ms < 2.0
    assert measured.failures == ()
    assert measured.facts["interpreter"].startswith(("tflite_runtime", "ai_edge_litert"))
    assert measured.facts["runtime"] == "BuildLabel(stub), RuntimeVersion(14)"


def test_a_device_that_drifts_is_not_called_good(options: AgentOptions) -> None:
    device = measurer(options, policy=Policy(blocks=3, block=BlockSettings(block_s=0.02)))
    figures = device.measure(stub_model("delay_us=1000 drift_us=100")).figures
    device.close()
    assert figures.status == "drifting"


@pytest.mark.slow
@pytest.mark.parametrize(("words", "kind", "message"), [
    ("does=crash", "crash", "the board's runtime crashed (Fatal Python error: Aborted)"),
    ("does=hang", "hang", "the board's runtime did not answer in time (Timeout (0:00:01)!)"),
])  # fmt: skip
def test_a_model_that_kills_the_runtime_twice_is_given_up(
    words: str, kind: str, message: str, options: AgentOptions
) -> None:
    device = measurer(options)
    with pytest.raises(DeviceError) as caught:
        device.measure(stub_model(words))
    assert str(caught.value) == f"board: after 2 attempts, {message}"
    assert caught.value.kind == kind
    assert device.measure(stub_model("")).figures.count == 5, "the next one is measured"
    device.close()


@pytest.mark.parametrize(("behaviour", "kind", "message"), [
    ("refuse", "refused", "no Edge TPU is attached: plug it in"),
    ("refuse_model", "model", "the model does not run on it"),
    ("old_runtime", "model", "compiled for a newer Edge TPU runtime"),
])  # fmt: skip
def test_a_refusal_is_told_with_a_remedy(
    behaviour: str, kind: str, message: str, options: AgentOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB_EDGETPU", behaviour)
    with pytest.raises(DeviceError, match=message) as caught:
        measurer(options, attempts=1).measure(stub_model(""))
    assert caught.value.kind == kind


def test_a_device_that_is_slower_than_at_first_is_not_called_good(options: AgentOptions) -> None:
    """The reference slows down a little with every run, and nothing else does."""
    block = BlockSettings(block_s=0, least=20, warmup_most=1)
    policy = Policy(blocks=2, reruns=0, block=block, outlier=9.0, drift=9.0, change=0.3)
    device = measurer(options, policy=policy)
    first = device.refer_to(stub_model("delay_us=2000 drift_us=50")).figures
    assert (first.is_good, first.reference_ms) == (True, None)
    figures = device.measure(stub_model("delay_us=1000")).figures
    device.close()
    assert figures.status == "drifting"
    assert figures.reference_change is not None
    assert figures.reference_change > 0.3
    assert figures.median_ms < 2


def test_a_reference_that_was_disturbed_is_interleaved_and_not_compared_with(
    options: AgentOptions,
) -> None:
    device = measurer(options, policy=Policy(blocks=2, reruns=0, outlier=9.0, limit_s=0.0))
    assert device.refer_to(stub_model("")).figures.status == "incomplete"
    figures = device.measure(stub_model("delay_us=1000")).figures
    device.close()
    assert figures.reference_ms is not None
    assert figures.reference_change is None


@pytest.mark.parametrize("call", [Measurer.measure, Measurer.refer_to])
def test_a_model_that_is_not_compiled_is_not_measured(
    call: Callable[[Measurer, bytes], Measured], options: AgentOptions
) -> None:
    with pytest.raises(DeviceError, match="the CPU would be measured") as caught:
        call(measurer(options), b"TFL3")
    assert (caught.value.kind, caught.value.may_pass) == ("model", False)


def test_a_missing_library_is_not_tried_again(options: AgentOptions) -> None:
    without = AgentOptions(library="libedgetpu_of_nobody.so.1", folder=options.folder)
    with pytest.raises(DeviceError, match="libedgetpu is missing") as caught:
        measurer(without).measure(stub_model(""))
    assert not caught.value.may_pass
    assert "attempts" not in str(caught.value)


def test_a_device_in_use_is_busy(options: AgentOptions) -> None:
    with (
        AgentSession(python_command(), options),
        pytest.raises(DeviceError, match="after 2 attempts, another process measures") as caught,
    ):
        measurer(options, attempts=2).measure(stub_model(""))
    assert caught.value.kind == "busy"


def test_an_agent_that_is_not_asked_ends_itself_and_is_started_again(
    options: AgentOptions,
) -> None:
    limits = Limits(idle_s=0.2, grace_s=0.1)
    device = Measurer("board", python_command(), options, policy=BRIEF, limits=limits)
    device.measure(stub_model(""))
    time.sleep(0.4)
    assert device.measure(stub_model("")).failures == (), "no failure: it was expected"
    device.close()


def test_a_login_that_prints_is_skipped(options: AgentOptions) -> None:
    chatty = [sys.executable, "-c", f"print('Welcome!' * 999, flush=True); {BOOTSTRAP}"]
    with AgentSession(chatty, options) as session:
        assert session.time_block(stub_model(""), ONE).timed_s


def test_a_login_that_never_stops_printing_is_refused(options: AgentOptions) -> None:
    endless = [sys.executable, "-c", "while True: print('Welcome!')"]
    with pytest.raises(DeviceError, match="a login must print nothing") as caught:
        AgentSession(endless, options, LIMITS)
    assert caught.value.kind == "garbage"


def test_a_program_that_never_reads_is_bounded(options: AgentOptions) -> None:
    deaf = [sys.executable, "-c", "import time; time.sleep(60)"]
    with pytest.raises(DeviceError, match=r"no answer to hello in 0\.2 s") as caught:
        AgentSession(deaf, options, Limits(hello_s=0.2, grace_s=0.1))
    assert caught.value.kind == "hang"


def test_a_missing_program_is_told(options: AgentOptions) -> None:
    with pytest.raises(DeviceError, match="sudo apt-get install openssh-client"):
        AgentSession(["no-such-ssh"], options)


def test_a_write_to_a_program_that_does_not_read_is_bounded() -> None:
    channel = Channel([sys.executable, "-c", "import time; time.sleep(60)"])
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        channel.write(bytes(1 << 20), started + 0.2)
    channel.close()
    assert time.monotonic() - started < 5


@pytest.mark.slow
@pytest.mark.parametrize("fault", sorted(faulty_agent.FAULTS))
def test_every_fault_is_noticed_and_survived(
    fault: str, options: AgentOptions, tmp_path: Path
) -> None:
    faulty, good = [sys.executable, faulty_agent.__file__, fault, "1"], python_command()
    faulty += [str(tmp_path / "witness")]
    with AgentSession(faulty, options, LIMITS) as session, pytest.raises(DeviceError) as caught:
        session.time_block(stub_model(""), ONE)
    expected = {"drop": "dropped", "truncate": "dropped", "crash": "crash", "freeze": "hang",
                "hang": "hang"}  # fmt: skip
    assert caught.value.kind == expected.get(fault, "garbage")
    with AgentSession(good, options, LIMITS) as session:
        assert session.time_block(stub_model(""), ONE).timed_s


@pytest.mark.slow
def test_a_thousand_measurements_with_faults_lose_and_mislabel_nothing(
    options: AgentOptions, tmp_path: Path
) -> None:
    rng, witness = random.Random(0), tmp_path / "witness"  # noqa: S311
    models = [stub_model(f"model {number}") for number in range(5)]
    device = measurer(options, FaultyCommand(rng, witness), attempts=8)
    failures: Counter[str] = Counter()
    for _ in range(1_000):
        model = rng.choice(models)
        measured = device.measure(model)
        sha256, seconds = json.loads(witness.read_text())
        assert sha256 == hashlib.sha256(model).hexdigest()
        assert measured.figures.count == len(seconds) == 5
        assert measured.figures.median_ms == 1e3 * sorted(seconds)[2]
        failures.update(failure.kind for failure in measured.failures)
    device.close()
    assert failures.total() >= 36
    assert failures.keys() == {"dropped", "crash", "hang", "garbage"}


class FaultyCommand(Sequence[str]):
    """A command whose every start brings another fault, in turn, after some blocks."""

    def __init__(self, rng: random.Random, witness: Path) -> None:
        self._rng, self._witness, self._starts = rng, witness, 0

    def __iter__(self) -> Iterator[str]:
        kinds = sorted(faulty_agent.FAULTS)
        fault, at = kinds[self._starts % len(kinds)], self._rng.randint(1, 45)
        self._starts += 1
        yield from (sys.executable, faulty_agent.__file__, fault, str(at), str(self._witness))

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: object) -> str:
        return sys.executable


def test_a_round_trip_takes_milliseconds(options: AgentOptions) -> None:
    with AgentSession(python_command(), options) as session:
        overheads = [_overhead_ms(session) for _ in range(20)]
    assert statistics.median(overheads) < 20


def _overhead_ms(session: AgentSession) -> float:
    started = time.perf_counter()
    block = session.time_block(stub_model("delay_us=1000"), ONE)
    return 1e3 * (time.perf_counter() - started - sum(block.warmup_s) - sum(block.timed_s))
