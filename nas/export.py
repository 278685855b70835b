"""``python -m nas.export``: train the chosen network fully and write what goes to the device."""

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.bundle.delivery import deliver, parse_destination
from nas.command import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    CommandParser,
    parse_count,
    parse_names,
    print_json,
    run_command,
)
from nas.errors import UserError
from nas.evaluation.recipe import AUGMENTATIONS, NO_AUGMENTATION, Recipe, parse_augmentation
from nas.executors.signals import handled, interrupt
from nas.records.choosing import RULES, choose
from nas.records.int8_loss import keep_int8_loss
from nas.records.pareto import pareto_front
from nas.records.record import Record, read_records
from nas.records.run import RunConfig, RunDirectory, read_config
from nas.tensorflow_settings import load_tensorflow, native_output_to

if TYPE_CHECKING:
    from nas.bundle.final_training import Choice, Final
    from nas.bundle.preparation import Preparation
    from nas.bundle.result import Result
    from nas.compiler.compile_answer import CompilerAnswer
    from nas.compiler.compiler import Compiler
    from nas.evaluation.deployable import Deployable

EPOCHS_FACTOR = 5
"""The final training is this many times as long as the search's brief one."""


def main(argv: Sequence[str] | None = None) -> int:
    """Export one network of a run.

    Args:
        argv: Options; default those of the process.

    Returns:
        The exit status: 1 when the exported network is less accurate than the search recorded, the
            compiler refuses it, or it is not verified where it was sent.
    """
    options = _parser().parse_args(argv)
    destination = None if options.to is None else parse_destination(options.to)
    directory = RunDirectory(options.run)
    config = read_config(directory)
    record = pick_record(config, read_records(directory.records), options.pick)
    recipes = _recipes(config, options)
    compiler = _find_compiler(options.compiler)
    load_tensorflow()
    from nas.bundle.bundle import TRAINING_LOG, check_folder
    from nas.bundle.result import Result

    check_folder(options.out)
    choice = _open_choice(directory, config, record)
    log = options.out / TRAINING_LOG
    try:
        with handled(signal.SIGTERM, interrupt):
            final = _train(choice, log, recipes, always_examined=options.forensics)
    except KeyboardInterrupt:
        _say("python -m nas.export: interrupted, nothing exported; the same command begins again")
        return EXIT_INTERRUPTED
    answer = _compile(final.network, compiler)
    _write(options.out, config, record, final, answer)
    _keep_int8_loss(directory, record, final)
    result = Result(options.out, record, final, answer)
    if destination is not None and result.keeps_promise:
        _say(f"Copying to {options.to} and verifying there …")
        result = replace(result, delivery=deliver(options.out, destination))
    return _tell(result, as_json=options.json)


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

    objectives = chosen_objectives(config.objectives)
    front = pareto_front(records, objectives)
    by_id = {record.candidate_id: record for record in records if record.status == "complete"}
    if pick in by_id:
        return by_id[pick]
    if pick not in RULES:
        raise UserError(
            f"--pick {pick!r}: use {', '.join(RULES)} or the id of a complete candidate"
        )
    chosen = choose(front, objectives, pick)
    if chosen is None:
        raise UserError("the run has no complete candidate yet: let it search longer")
    return chosen


def _find_compiler(path: Path | None) -> "Compiler | None":
    """Find the compiler; only one that was named has to be there."""
    from nas.bundle.bundle import COMPILED
    from nas.compiler.compiler import find_compiler

    try:
        return find_compiler(path)
    except UserError as error:
        if path is not None:
            raise
        _say(f"The bundle will hold no {COMPILED}: {error}")
        return None


def _train(
    choice: "Choice", log: Path, recipes: Sequence[Recipe], *, always_examined: bool
) -> "Final":
    """Train longer and measure. Every operation is deterministic: the same bytes come out again."""
    import tensorflow as tf

    from nas.bundle.final_training import FinalTraining

    tf.config.experimental.enable_op_determinism()
    with native_output_to(log):
        return FinalTraining(choice, always_examined=always_examined, say=_say).run(recipes)


def _open_choice(directory: RunDirectory, config: RunConfig, record: Record) -> "Choice":
    """Find what the chosen network is made and trained from."""
    from nas.assembly import make_space, open_data
    from nas.bundle.final_training import Choice
    from nas.candidates.hyperparameters import fixed_hyperparameters
    from nas.evaluation.pipeline import MODEL_FILE
    from search_spaces import find_front_end, warm_start

    values, dataset = record.hyperparameters, open_data(directory, config)
    space = make_space(config, dataset)
    return Choice(
        record=record,
        searched=directory.model(record.candidate_id) / MODEL_FILE,
        dataset=dataset,
        build=lambda: space.build(fixed_hyperparameters(values)),
        warm_start=lambda model: warm_start(space, model, values),
        front_end=find_front_end(space, values),
        augmentation=config.augment,
    )


def _recipes(config: RunConfig, options: argparse.Namespace) -> list[Recipe]:
    """Return how to train, from as many seeds, the run's own first."""
    changes = config.augment
    if options.augment is not None:
        are_images = config.image_size is not None
        changes = parse_augmentation(options.augment, are_images=are_images)
    first = Recipe(
        options.epochs or EPOCHS_FACTOR * config.epochs,
        config.batch_size,
        config.seed,
        augmentation=changes,
    )
    return [replace(first, seed=first.seed + place) for place in range(options.seeds)]


def _compile(network: "Deployable", compiler: "Compiler | None") -> "CompilerAnswer | None":
    from nas.compiler.compile_cache import CompileCache, default_folder
    from nas.compiler.compiler import compile_model

    if compiler is None:
        return None
    _say(f"Compiling with edgetpu_compiler {compiler.version} …")
    return compile_model(network.trained.content, compiler, cache=CompileCache(default_folder()))


def _write(
    out: Path, config: RunConfig, record: Record, final: "Final", answer: "CompilerAnswer | None"
) -> None:
    from nas.bundle.bundle import write_bundle
    from nas.bundle.card import model_card
    from nas.network.network import host_work
    from nas.network.tflite import parse_network
    from nas.quantization.statement import as_json
    from nas.records.chip_model import make_estimator

    network, estimator = final.network, make_estimator(config)
    preparation = _preparation(config, network)
    alone = parse_network(network.trained.content, "model.tflite")
    whole = estimator.estimate(replace(alone, front_end=host_work(network.front_end)))
    write_bundle(
        out,
        name=f"{config.space} {record.candidate_id}",
        content=network.trained.content,
        compiled=answer.content if answer else None,
        class_names=config.class_names,
        preparation=preparation,
        golden=network.golden,
        estimate=estimator.estimate(alone),
        card=model_card(config, record, final, whole, answer, preparation=preparation),
        quantization=None if final.forensics is None else as_json(final.forensics),
    )


def _keep_int8_loss(directory: RunDirectory, record: Record, final: "Final") -> None:
    """Leave in the run what its report shows of the network's int8 file."""
    from nas.quantization.statement import as_json

    if final.forensics is None:
        return
    try:
        keep_int8_loss(directory, record.candidate_id, as_json(final.forensics))
    except OSError as error:
        _say(f"The run's report will not show what int8 costs: {error.strerror}")


def _preparation(config: RunConfig, network: "Deployable") -> "Preparation":
    """Find what the bundle needs to prepare files as the search did.

    Raises:
        UserError: A user's own front end prepares them.
    """
    from nas.bundle.preparation import of_images, of_signals
    from search_spaces import front_end as front_ends

    prepared: Any = network.front_end
    if prepared is None and config.image_size is not None:
        return of_images(sorted({config.image_size, network.input_shape[0]}, reverse=True))
    if not isinstance(prepared, front_ends.Spectrogram | front_ends.Waveform):
        raise UserError(
            f"space {config.space} prepares signals in its own way, which a bundle cannot carry: "
            "use the front ends of search_spaces/front_end.py"
        )
    return of_signals(prepared.settings, config.sample_rate_hz, Path(str(front_ends.__file__)))


def _tell(result: "Result", *, as_json: bool) -> int:
    """Print what was written, and whether it keeps what the search recorded."""
    if as_json:
        print_json(result.as_json())
    else:
        print(result.as_text())
    if result.delivery is not None:
        _say(result.delivery.said)
    for line in result.complaints():
        _say(line)
    return EXIT_DONE if result.is_good else EXIT_FAILED


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> CommandParser:
    parser = CommandParser("export", "Train the chosen network fully and write its bundle.")
    parser.add_argument("run", type=Path, metavar="RUN", help="run directory")
    parser.add_argument("--pick", default="knee", help=f"{', '.join(RULES)} or a candidate's id")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    parser.add_argument(
        "--epochs", type=parse_count, metavar="N",
        help=f"epochs of the final training; {EPOCHS_FACTOR} times the search's if not given",
    )  # fmt: skip
    parser.add_argument(
        "--augment", type=parse_names, metavar="NAMES",
        help=f"random changes of training images, of {', '.join(AUGMENTATIONS)}, or "
        f"{NO_AUGMENTATION}; the search's if not given",
    )  # fmt: skip
    parser.add_argument(
        "--seeds", type=parse_count, default=1, metavar="N",
        help="trainings, each from a seed of its own, of which the best on validation is kept",
    )  # fmt: skip
    parser.add_argument(
        "--forensics", action="store_true",
        help="look into what int8 loses and try remedies, even where chance explains the loss",
    )  # fmt: skip
    parser.add_argument(
        "--compiler", type=Path, metavar="PATH",
        help="edgetpu_compiler; if not given, the one on PATH, if there is one",
    )  # fmt: skip
    parser.add_argument(
        "--to", metavar="ssh://USER@HOST:DIR",
        help="copy the bundle there and verify it, unless it is worse than the search recorded",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    run_command("export", main)
