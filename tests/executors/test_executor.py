"""Which executor a run gets."""

import sys

import pytest

from nas.errors import UserError
from nas.executors.executor import make_executor
from nas.executors.workers import WorkerPool
from tests.records.runs import run_config


def test_a_run_s_candidates_are_evaluated_by_processes_of_this_machine() -> None:
    assert isinstance(make_executor(run_config()), WorkerPool)


def test_an_unknown_executor_names_those_there_are() -> None:
    with pytest.raises(UserError, match="unknown executor 'slurm'; use one of processes, ray"):
        make_executor(run_config(executor="slurm"))


def test_without_ray_the_package_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"pip install 'edgetpu-nas\[ray\]'"):
        make_executor(run_config(executor="ray"))
