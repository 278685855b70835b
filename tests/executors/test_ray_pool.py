"""Candidates on a Ray cluster of this machine, whose places crash, hang and are lost."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from nas.errors import UserError
from nas.executors import ray_place, ray_pool
from nas.executors.ray_pool import RayPool
from nas.executors.workers import EpochMessage, Message, ResultMessage, StageMessage
from tests.conftest import OWN_SPACE
from tests.executors.test_workers import assignment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head that evaluates nothing, and two nodes with room for one candidate each."""
    from ray.cluster_utils import Cluster

    # Ray's workers are nice: beside other tests they would hardly get a processor.
    head = {"num_cpus": 0, "_system_config": {"worker_niceness": 0}}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    for _ in range(2):
        cluster.add_node(num_cpus=1)
    yield cluster
    cluster.shutdown()


@pytest.fixture
def make_pool(cluster: Any) -> Iterator[Callable[..., RayPool]]:
    pools: list[RayPool] = []

    def make(size: int = 1, time_limit_s: float = 120) -> RayPool:
        pools.append(RayPool(size, time_limit_s, address=cluster.address, cpus=1))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()


def until(pool: RayPool, condition: Callable[[list[Message]], bool]) -> list[Message]:
    messages: list[Message] = []
    deadline = time.monotonic() + 150
    while not condition(messages):
        assert time.monotonic() < deadline, messages
        messages += pool.wait(1.0)
    return messages


def evaluated(pool: RayPool, *work: Any) -> list[Message]:
    """Submit candidates as there is room, and wait until all have ended."""
    messages: list[Message] = []
    for each in work:
        messages += until(pool, lambda _: pool.has_room)
        pool.submit(each)
    return messages + until(pool, lambda _: pool.is_idle)


def training(messages: list[Message]) -> bool:
    return any(isinstance(each, StageMessage) and each.stage == "build" for each in messages)


def places() -> list[psutil.Process]:
    """Return the processes that candidates' processes belong to."""
    return [each for each in psutil.process_iter(["cmdline"])
            if "ray::Place" in " ".join(each.info["cmdline"] or [])]  # fmt: skip


def test_whatever_a_candidate_does_costs_one_record(
    make_pool: Callable[..., RayPool], tiny_directory: Path, tmp_path: Path
) -> None:
    moods = ("crash", "raise", "hang")
    work = [assignment(n, mood, tiny_directory, tmp_path) for n, mood in enumerate(moods)]
    messages = evaluated(make_pool(size=2, time_limit_s=20), *work)
    reasons = {each.trial: each.reason for each in messages if isinstance(each, ResultMessage)}
    assert reasons == {
        0: "the worker crashed with SIGSEGV",
        1: "RuntimeError: this network is impossible",
        2: "took longer than 20 s; --trial-timeout allows more",
    }


def test_a_candidate_whose_place_is_killed_is_evaluated_elsewhere(
    make_pool: Callable[..., RayPool], tiny_directory: Path, tmp_path: Path
) -> None:
    """The second place tells stages and epochs again, and its files come back."""
    pool = make_pool()
    until(pool, lambda _: pool.has_room)
    pool.submit(assignment(3, "good", tiny_directory, tmp_path))
    until(pool, training)
    (place,) = places()
    candidates = place.children(recursive=True)
    os.kill(place.pid, signal.SIGKILL)
    messages = until(pool, lambda _: pool.is_idle)
    stages = [each.stage for each in messages if isinstance(each, StageMessage)]
    assert stages[-5:] == ["build", "train", "quantize", "evaluate", "estimate"]
    epochs = [each.epoch for each in messages if isinstance(each, EpochMessage)]
    assert epochs[-2:] == [1, 2]
    (result,) = [each for each in messages if isinstance(each, ResultMessage)]
    assert result.evaluation is not None
    assert result.evaluation.model_bytes == (tmp_path / "3" / "model.tflite").stat().st_size
    assert (tmp_path / "3" / "worker.log").exists()
    psutil.wait_procs(candidates, timeout=10)
    assert not [each for each in candidates if each.is_running() and each.status() != "zombie"]


def test_a_candidate_whose_node_is_lost_is_evaluated_on_another(
    cluster: Any, make_pool: Callable[..., RayPool], tiny_directory: Path, tmp_path: Path
) -> None:
    pool = make_pool()
    until(pool, lambda _: pool.has_room)
    pool.submit(assignment(0, "good", tiny_directory, tmp_path))
    until(pool, training)
    (place,) = places()
    raylet = place.parent()
    assert raylet is not None
    (node,) = [
        each
        for each in cluster.worker_nodes
        if raylet.pid in [info.process.pid for info in each.all_processes["raylet"]]
    ]
    cluster.remove_node(node, allow_graceful=False)
    try:
        messages = until(pool, lambda _: pool.is_idle)
    finally:
        cluster.add_node(num_cpus=1)
    (result,) = [each for each in messages if isinstance(each, ResultMessage)]
    assert result.evaluation is not None


def test_a_candidate_that_is_lost_again_and_again_costs_one_record(
    make_pool: Callable[..., RayPool],
    tiny_directory: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ray_pool, "MOST_LOSSES", 1)
    pool = make_pool()
    until(pool, lambda _: pool.has_room)
    pool.submit(assignment(0, "hang", tiny_directory, tmp_path))
    until(pool, training)
    os.kill(places()[0].pid, signal.SIGKILL)
    (result,) = until(pool, lambda _: pool.is_idle)
    assert isinstance(result, ResultMessage)
    assert "what evaluated it was lost 1 times, last with " in str(result.reason)
    until(pool, lambda _: pool.has_room)


def test_stopping_ends_one_candidate_and_makes_room(
    make_pool: Callable[..., RayPool], tiny_directory: Path, tmp_path: Path
) -> None:
    pool = make_pool()
    until(pool, lambda _: pool.has_room)
    pool.submit(assignment(0, "hang", tiny_directory, tmp_path))
    until(pool, training)
    pool.stop(0)
    assert pool.is_idle
    assert until(pool, lambda _: pool.has_room) == []


def test_a_node_with_other_versions_is_refused(
    make_pool: Callable[..., RayPool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_pool, "versions", lambda: {"python": "2.7"})
    pool = make_pool()
    with pytest.raises(UserError, match="install the same versions on every node"):
        until(pool, lambda _: pool.has_room)


def test_a_cluster_without_room_says_so(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_pool, "START_S", 3.0)
    pool = RayPool(1, 60, address=cluster.address, cpus=64)
    try:
        with pytest.raises(UserError, match="no node of the Ray cluster had 64 free CPUs within 3"):
            until(pool, lambda _: pool.has_room)
    finally:
        pool.close()


def test_no_cluster_says_so() -> None:
    with pytest.raises(UserError, match=r"no Ray cluster answers at .127\.0\.0\.1:1. \(.*refused"):
        RayPool(1, 60, address="127.0.0.1:1", cpus=1)


def test_a_folder_of_somebody_else_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(PermissionError, match="belongs to another user"):
        ray_place.local_copy("fingerprint", {})


def test_a_search_on_the_cluster_prints_json_alone(cluster: Any, tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "nas.search", "--space", f"{OWN_SPACE}:well_behaved",
        "--data", "digits", "--image-size", "16", "--trials", "3", "--epochs", "1",
        "--sampler", "random", "--run-dir", str(tmp_path / "run"), "--json",
        "--workers", "2", "--executor", "ray", "--ray-address", cluster.address,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["candidates"] == 3
    assert len(list((tmp_path / "run").glob("models/*/model.tflite"))) == 3
