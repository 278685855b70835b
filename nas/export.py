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
    from nas.data.dataset import Dataset
    from nas.edgetpu.compile_answer import CompilerAnswer
    from nas.edgetpu.compiler import Compiler
    from nas.evaluation.deployable import Deployable

EPOCHS_FACTOR = 5
"""The final training is this many times as long as the search's brief one."""

BEST_BY = {"most-accurate": "accuracy", "fastest": "latency_ms", "smallest": "memory_bytes"}


def main(argv: Sequence[str] | None = None) -> int:
    """Export one network of a run.

    Args:
        argv: Options; default those of the process.

    Returns:
        The exit status: 1 when the exported network is less accurate than the search recorded, or
            the compiler refuses it.
    """
    options = _parser().parse_args(argv)
    directory = RunDirectory(options.run)
    config = read_config(directory)
    record = pick_record(config, read_records(directory.records), options.pick)
    epochs = options.epochs or EPOCHS_FACTOR * config.epochs
    compiler = _find_compiler(options.compiler)
    quiet_tensorflow()
    network = _final_network(directory, config, record, options.out, epochs)
    answer = _compile(network, compiler)
    _write(options.out, config, record, network, answer)
    return _print_result(options.out, record, network, answer, options.json)


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


def _find_compiler(path: Path | None) -> "Compiler | None":
    """Find the compiler; only one that was named has to be there."""
    from nas.bundle.bundle import COMPILED
    from nas.edgetpu.compiler import find_compiler

    try:
        return find_compiler(path)
    except UserError as error:
        if path is not None:
            raise
        _say(f"The bundle will hold no {COMPILED}: {error}")
        return None


def _final_network(
    directory: RunDirectory, config: RunConfig, record: Record, out: Path, epochs: int
) -> "Deployable":
    """Train longer and quantize; the search's own weights are kept if they are better."""
    from nas.assembly import make_space, open_data
    from nas.bundle.bundle import TRAINING_LOG, check_folder
    from nas.evaluation.deployable import retrain
    from nas.evaluation.recipe import Recipe
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
        searched = _searched(directory, record, dataset, retrained)
    if searched and searched.validation_accuracy > retrained.validation_accuracy:
        _say(f"  better after the search's {searched.epochs} epochs: those weights are kept")
        return searched
    return retrained


def _compile(network: "Deployable", compiler: "Compiler | None") -> "CompilerAnswer | None":
    from nas.edgetpu.compile_cache import CompileCache, default_folder
    from nas.edgetpu.compiler import compile_model

    if compiler is None:
        return None
    _say(f"Compiling with edgetpu_compiler {compiler.version} …")
    return compile_model(network.content, compiler, cache=CompileCache(default_folder()))


def _write(
    out: Path,
    config: RunConfig,
    record: Record,
    network: "Deployable",
    answer: "CompilerAnswer | None",
) -> None:
    from nas.assembly import make_estimator
    from nas.bundle.bundle import write_bundle
    from nas.bundle.card import model_card
    from nas.edgetpu.tflite import parse_network

    estimate = make_estimator(config).estimate(parse_network(network.content, "model.tflite"))
    write_bundle(
        out,
        content=network.content,
        compiled=answer.content if answer else None,
        class_names=config.class_names,
        resize_sides=sorted({config.image_size, network.input_side}, reverse=True),
        card=model_card(config, record, network, estimate, answer),
    )


def _searched(
    directory: RunDirectory, record: Record, dataset: "Dataset", retrained: "Deployable"
) -> "Deployable | None":
    """Measure the file that the search left, if it is there and of the same network."""
    from nas.edgetpu.tflite import read_model_file
    from nas.evaluation.deployable import measure
    from nas.evaluation.pipeline import MODEL_FILE

    try:
        content = read_model_file(directory.model(record.candidate_id) / MODEL_FILE)
        if _layers(content) != _layers(retrained.content):
            return None
    except UserError:
        return None
    curve = record.learning_curve or ()
    best = 1 + max(range(len(curve)), key=curve.__getitem__) if curve else None
    return measure(content, dataset, epochs=record.epochs, best_epoch=best)


def _layers(content: bytes) -> list[tuple[str, tuple[int, ...]]]:
    """Return the operators and their output shapes: the same for all weights of one network."""
    from nas.edgetpu.tflite import parse_network

    operators = parse_network(content, "model.tflite").operators
    return [(operator.type, operator.outputs[0].shape) for operator in operators]


def _print_result(
    out: Path,
    record: Record,
    network: "Deployable",
    answer: "CompilerAnswer | None",
    as_json: bool,
) -> int:
    """Say what was written and whether it keeps what the search recorded."""
    from nas.evaluation.interval import accuracy_interval

    low, high = accuracy_interval(network.test_accuracy, network.test_examples)
    if as_json:
        print_json(
            {
                "out": str(out),
                "candidate_id": record.candidate_id,
                "recorded_accuracy": record.accuracy,
                "recorded_accuracy_low": record.accuracy_low,
                "recorded_accuracy_high": record.accuracy_high,
                "validation_accuracy": network.validation_accuracy,
                "test_accuracy": network.test_accuracy,
                "test_accuracy_low": low,
                "test_accuracy_high": high,
                "compiles": answer.compilation.outcome if answer else None,
                "compile_reason": answer.compilation.reason if answer else None,
            }
        )
    else:
        print(
            f"{out}: int8 accuracy {network.test_accuracy:.4f} on the test split "
            f"(95 % interval {low:.4f} – {high:.4f}),\n"
            f"{network.validation_accuracy:.4f} on validation; "
            f"the search recorded {record.accuracy:.4f} there.\n"
            f"Try it: python {out}/classify.py PICTURE"
        )
    if record.accuracy_low is not None and network.validation_accuracy < record.accuracy_low:
        _say("Less accurate than the search recorded: train longer with --epochs, or pick another.")
        return EXIT_FAILED
    if answer is not None and answer.content is None:
        _say(f"The compiler refuses this network: {answer.compilation.reason}")
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
    parser.add_argument(
        "--compiler", type=Path, metavar="PATH",
        help="edgetpu_compiler; if not given, the one on PATH, if there is one",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    run_command("export", main)
