import dataclasses
import json
from pathlib import Path

import pytest

from examples import study_a
from examples.study_a import Study, make_parser, redo, steps
from examples.study_a_result import (
    HAND_MADE,
    LITE,
    SEARCHED,
    Entry,
    draw,
    group,
    judge,
    report,
)
from examples.training import Result, TrainingLog
from nas.assembly import start_run
from nas.errors import UserError
from nas.records.record import Record, append_record, read_records
from nas.records.run import RunDirectory, Settings
from search_spaces import presets


def _entry(
    network: str,
    seed: int,
    test: float,
    *,
    validation: float = 0.7,
    kib: int = 100,
    ms: float = 1.0,
) -> Entry:
    trained = Result(network, seed, {}, 5, 3, 2.0, validation, test, 800)
    return Entry(trained, kib * 1024, (ms, 0.9 * ms, 1.2 * ms))


def test_of_the_searched_networks_the_best_on_validation_counts() -> None:
    worse = _entry("searched-1", 0, 0.9, validation=0.7)
    better = _entry("searched-2", 0, 0.6, validation=0.8)
    other = _entry("searched-1", 1, 0.5)
    groups = group([worse, better, other, _entry("xception", 0, 0.7)])
    assert groups == {"xception": [_entry("xception", 0, 0.7)], SEARCHED: [better, other]}


@pytest.mark.parametrize(
    ("test", "kib", "ms", "is_as_accurate", "dominates"),
    [
        (0.80, 50, 0.9, True, True),
        (0.74, 50, 0.9, True, True),
        (0.60, 50, 0.9, False, False),
        (0.80, 50, 1.0, True, False),
        (0.80, 100, 0.9, True, False),
    ],
)
def test_who_dominates(
    test: float, kib: int, ms: float, *, is_as_accurate: bool, dominates: bool
) -> None:
    lite = [_entry(LITE, seed, 0.75) for seed in (0, 1)]
    ours = [_entry("searched-1", 0, 0.75, kib=20, ms=0.5)]
    ours.append(_entry("searched-1", 1, 2 * test - 0.75, kib=kib, ms=ms))
    verdict = judge(group([*lite, *ours, _entry(LITE, 2, 0.1)]))
    assert verdict is not None
    assert verdict.accuracy[0] == pytest.approx(test - 0.75)
    assert verdict.memory == (0.2, kib / 100)
    assert (verdict.is_as_accurate, verdict.dominates) == (is_as_accurate, dominates)
    assert ("not confirmed" in verdict.words()[1]) != dominates


def test_without_both_there_is_no_verdict() -> None:
    assert judge(group([_entry(LITE, 0, 0.7), _entry("searched-1", 1, 0.7)])) is None


def test_the_table_has_the_study_s_figures_beside_ours(capsys: pytest.CaptureFixture[str]) -> None:
    entries = [_entry(name, seed, 0.75) for name in HAND_MADE for seed in (0, 1)]
    report([*entries, _entry("searched-1", 0, 0.8, ms=0.5)], 64, "folder", has_drawn=False)
    said = capsys.readouterr().out
    for reported in ("88.10 %", "90.30 %", "50.50 %"):
        assert reported in said
    assert "75.0 % (71.9-77.9)" in said
    assert "dominates the hand-made Xception-Lite here: not confirmed" in said


def test_the_picture_shows_every_network() -> None:
    names = (*HAND_MADE, "searched-1", "searched-2")
    entries = [_entry(name, 0, 0.75, kib=10**place) for place, name in enumerate(names)]
    figure = draw(entries, 64, "a $folder")
    assert len(figure.legends[0].get_texts()) == 4
    assert figure.axes[0].get_xscale() == "log"
    assert draw(entries[:1], 64, "folder").axes[0].get_xscale() == "linear"


def _study(out: Path) -> Study:
    return Study("pcb_synthetic", 64, 5, 2, 1, 2, TrainingLog(out))


def test_only_what_is_missing_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = _study(tmp_path)
    monkeypatch.setattr(
        study_a,
        "candidates",
        lambda _study, _seed: [Record("abc", "xception_lite", {}, "complete")],
    )
    monkeypatch.setattr(study_a, "read_records", lambda _path: [None] * study.recorded)
    everything = [words for words, _ in steps(study, range(2))]
    assert everything == [
        f"seed {seed}: training {name}" for name in ("searched-1", *HAND_MADE) for seed in (0, 1)
    ]
    done = dataclasses.asdict(_entry(LITE, 1, 0.7).trained)
    (tmp_path / "trained.jsonl").write_text(json.dumps(done) + "\n")
    left = [words for words, _ in steps(study, range(2))]
    assert left == [words for words in everything if words != f"seed 1: training {LITE}"]
    monkeypatch.setattr(study_a, "read_records", lambda _path: [])
    assert next(steps(study, range(2)))[0] == "seed 0: searching"


def test_searched_networks_cost_less_than_xception_lite(tmp_path: Path) -> None:
    memory, latency = (bound.partition("<=") for bound in _study(tmp_path).bounds())
    assert (memory[0], latency[0]) == ("memory_bytes", "latency_ms")
    assert 100_000 < float(memory[2]) < 150_000  # half of 245 KiB
    assert 0.5 < float(latency[2]) < 0.65


def test_a_study_with_other_settings_is_refused(tmp_path: Path) -> None:
    TrainingLog(tmp_path).settle({"data": "pcb_synthetic"})
    with pytest.raises(UserError, match="name another --out"):
        TrainingLog(tmp_path).settle({"data": "digits"})
    (tmp_path / "trained.jsonl").write_text('{"seed": 0}\n')
    with pytest.raises(UserError, match="jsonl:1: no trained network of a study"):
        TrainingLog(tmp_path).read()
    (tmp_path / "settings.json").write_text("{")
    with pytest.raises(UserError, match="cannot be read"):
        TrainingLog(tmp_path).settle({"data": "digits"})


def test_data_that_are_not_there_begin_no_study(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no data set or path"):
        redo(make_parser().parse_args(["--data", "nowhere", "--out", str(tmp_path)]))
    assert not list(tmp_path.iterdir())


def _redo(data: Path, out: Path) -> None:
    words = ["--data", str(data), "--image-size", "16", "--seeds", "1", "--epochs", "1",
             "--trials", "1", "--search-epochs", "1", "--steps", "1",
             "--out", str(out)]  # fmt: skip
    redo(make_parser().parse_args(words))


@pytest.mark.slow
def test_the_search_keeps_within_the_costs_of_xception_lite(
    picture_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _redo(picture_folder, tmp_path)
    assert "no network is trained yet" in capsys.readouterr().err
    records = read_records(RunDirectory(tmp_path / "seed-0").records)
    assert [record.status for record in records] == [*["infeasible"] * 3, "complete"]
    left = steps(Study(str(picture_folder), 16, 1, 1, 1, 2, TrainingLog(tmp_path)), range(1))
    assert next(left)[0] == "seed 0: training searched-1"


@pytest.mark.slow
def test_what_a_search_found_is_trained_and_compared(
    picture_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def searched(study: Study, seed: int) -> None:
        run = study.run(seed)
        start_run(run.path, Settings(data=study.data, image_size=study.image_size, seed=seed))
        smallest = {**presets(study.space("xception_lite"))[LITE], "middle_depth": 0}
        found = Record("abc", "xception_lite", smallest, "complete", accuracy=0.8, latency_ms=0.5,
                       memory_bytes=1000)  # fmt: skip
        for number in range(study.recorded):
            append_record(run.records, dataclasses.replace(found, candidate_id=f"abc{number}"))

    monkeypatch.setattr(study_a, "search", searched)
    _redo(picture_folder, tmp_path)
    _redo(picture_folder, tmp_path)
    said = capsys.readouterr()
    assert "seed 0: training searched-1" in said.err
    assert "Every trained network" in said.out
    assert (tmp_path / "study_a.png").stat().st_size > 10_000
    (line,) = (tmp_path / "trained.jsonl").read_text().splitlines()
    assert json.loads(line)["test_examples"] > 0
