"""``python -m nas.export``: train the chosen network fully and write what goes to the device."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nas.command import (
    EXIT_DONE,
    EXIT_FAILED,
    CommandParser,
    parse_count,
    print_json,
    run_command,
)
from nas.errors import UserError
from nas.study.pareto import knee, pareto_front
from nas.study.record import Record, read_records
from nas.study.run import RunConfig, RunDirectory, read_config
from nas.tensorflow_settings import native_output_to, quiet_tensorflow

if TYPE_CHECKING:
    from nas.evaluation.retraining import Retrained

EPOCHS_FACTOR = 5
"""The final training is this many times as long as the search's brief one."""

BEST_BY = {"most-accurate": "accuracy", "fastest": "latency_ms", "smallest": "memory_bytes"}


def main(argv: Sequence[str] | None = None) -> int:
    """Export one network of a run.

    Args:
        argv: Options; default those of the process.

    Returns:
        The exit status: 1 when the exported network is less accurate than the search recorded.
    """
    options = _parser().parse_args(argv)
    directory = RunDirectory(options.run)
    config = read_config(directory)
    record = pick_record(config, read_records(directory.records), options.pick)
    epochs = options.epochs or EPOCHS_FACTOR * config.epochs
    quiet_tensorflow()
    retrained = _export(directory, config, record, options.out, epochs)
    return _print_result(options.out, record, retrained, options.json)


def pick_record(config: RunConfig, records: Sequence[Record], pick: str) -> Record:
    """Find the network a user means.

    Args:
        config: The run.
        records: Its records.
        pick: ``knee``, ``most-accurate``, ``fastest``, ``smallest`` or a candidate's id.

    Raises:
        UserError: There is no such network.
    """
    from nas.assembly import chosen_objectives
    from objectives import OBJECTIVES

    objectives = chosen_objectives(config.objectives)
    front = pareto_front(records, objectives)
    by_id = {record.candidate_id: record for record in records if record.status == "complete"}
    if pick in by_id:
        return by_id[pick]
    if pick not in ("knee", *BEST_BY):
        raise UserError(
            f"--pick {pick!r}: use knee, {', '.join(BEST_BY)} or the id of a complete candidate"
        )
    if not front:
        raise UserError("the run has no complete candidate yet: let it search longer")
    if pick == "knee":
        return knee(front, objectives)
    best = pareto_front(front, [OBJECTIVES[BEST_BY[pick]]])
    return best[0]


def _export(
    directory: RunDirectory, config: RunConfig, record: Record, out: Path, epochs: int
) -> "Retrained":
    """Train, quantize, measure and write."""
    from nas.assembly import make_estimator, make_space, open_data
    from nas.bundle.bundle import TRAINING_LOG, check_folder, write_bundle
    from nas.bundle.card import model_card
    from nas.edgetpu.tflite import parse_network
    from nas.evaluation.recipe import Recipe
    from nas.evaluation.retraining import retrain
    from nas.study.hyperparameters import fixed_hyperparameters

    check_folder(out)
    dataset = open_data(directory, config)
    space = make_space(config, dataset)
    _say(f"Training {record.candidate_id} for {epochs} epochs …")
    with native_output_to(out / TRAINING_LOG):
        retrained = retrain(
            lambda: space.build(fixed_hyperparameters(record.hyperparameters)),
            dataset,
            Recipe(epochs, config.batch_size, config.seed),
            lambda epoch, accuracy: _say(f"  epoch {epoch}/{epochs}  validation {accuracy:.4f}"),
        )
    estimate = make_estimator(config).estimate(parse_network(retrained.content, "model.tflite"))
    write_bundle(
        out,
        content=retrained.content,
        class_names=config.class_names,
        resize_sides=sorted({config.image_size, retrained.input_side}, reverse=True),
        card=model_card(config, record, retrained, estimate, epochs),
    )
    return retrained


def _print_result(out: Path, record: Record, retrained: "Retrained", as_json: bool) -> int:
    """Say what was written and whether it keeps what the search recorded."""
    from nas.evaluation.interval import accuracy_interval

    low, high = accuracy_interval(retrained.test_accuracy, retrained.test_examples)
    if as_json:
        print_json(
            {
                "out": str(out),
                "candidate_id": record.candidate_id,
                "recorded_accuracy": record.accuracy,
                "recorded_accuracy_low": record.accuracy_low,
                "recorded_accuracy_high": record.accuracy_high,
                "validation_accuracy": retrained.validation_accuracy,
                "test_accuracy": retrained.test_accuracy,
                "test_accuracy_low": low,
                "test_accuracy_high": high,
            }
        )
    else:
        print(
            f"{out}: int8 accuracy {retrained.test_accuracy:.4f} on the test split "
            f"(95 % interval {low:.4f} – {high:.4f}),\n"
            f"{retrained.validation_accuracy:.4f} on validation; "
            f"the search recorded {record.accuracy:.4f} there.\n"
            f"Try it: python {out}/classify.py PICTURE"
        )
    if record.accuracy_low is not None and retrained.validation_accuracy < record.accuracy_low:
        _say("Less accurate than the search recorded: train longer with --epochs, or pick another.")
        return EXIT_FAILED
    return EXIT_DONE


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> CommandParser:
    parser = CommandParser("export", "Train the chosen network fully and write its bundle.")
    parser.add_argument("run", type=Path, metavar="RUN", help="run directory")
    parser.add_argument(
        "--pick", default="knee", help=f"knee, {', '.join(BEST_BY)} or a candidate's id"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    parser.add_argument(
        "--epochs", type=parse_count, metavar="N",
        help=f"epochs of the final training; {EPOCHS_FACTOR} times the search's if not given",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    run_command("export", main)
