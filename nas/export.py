"""``python -m nas.export``: train the chosen network fully and write what goes to the device."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.bundle.delivery import Delivery, deliver, parse_destination
from nas.command import (
    EXIT_DONE,
    EXIT_FAILED,
    CommandParser,
    parse_count,
    print_json,
    run_command,
)
from nas.errors import UserError
from nas.evaluation.recipe import Recipe
from nas.records.choosing import RULES, choose
from nas.records.pareto import pareto_front
from nas.records.record import Record, read_records
from nas.records.run import RunConfig, RunDirectory, read_config
from nas.tensorflow_settings import native_output_to, quiet_tensorflow

if TYPE_CHECKING:
    from nas.bundle.preparation import Preparation
    from nas.compiler.compile_answer import CompilerAnswer
    from nas.compiler.compiler import Compiler
    from nas.data.dataset import Dataset
    from nas.evaluation.deployable import Deployable, Trained
    from nas.quantization.forensics import Forensics

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
    epochs = options.epochs or EPOCHS_FACTOR * config.epochs
    seeds = range(config.seed, config.seed + options.seeds)
    recipes = [Recipe(epochs, config.batch_size, seed) for seed in seeds]
    compiler = _find_compiler(options.compiler)
    quiet_tensorflow()
    network, forensics = _final_network(
        directory, config, record, options.out, recipes, always=options.forensics
    )
    answer = _compile(network, compiler)
    _write(options.out, config, record, network, answer, forensics=forensics)
    delivery = None
    if destination is not None and _keeps_its_promise(record, network):
        _say(f"Copying to {options.to} and verifying there …")
        delivery = deliver(options.out, destination)
    return _print_result(options.out, record, network, answer, delivery, as_json=options.json)


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


def _final_network(
    directory: RunDirectory,
    config: RunConfig,
    record: Record,
    out: Path,
    recipes: Sequence[Recipe],
    *,
    always: bool,
) -> "tuple[Deployable, Forensics | None]":
    """Train longer, once a recipe, and measure the best; the search's own weights may be that.

    What int8 loses is looked into, always or where chance does not explain it.

    Every operation is deterministic: the same command writes the same bytes.
    """
    import tensorflow as tf

    from nas.assembly import make_space, open_data
    from nas.bundle.bundle import TRAINING_LOG, check_folder
    from nas.candidates.hyperparameters import fixed_hyperparameters
    from nas.evaluation.deployable import measure, retrain
    from nas.quantization.forensics import examine
    from nas.quantization.statement import as_text
    from search_spaces import find_front_end, warm_start

    check_folder(out)
    tf.config.experimental.enable_op_determinism()
    dataset = open_data(directory, config)
    space = make_space(config, dataset)
    front_end = find_front_end(space, record.hyperparameters)

    examined: dict[bytes, Forensics] = {}

    def refine(model: Any, resized: "Dataset", content: bytes) -> bytes:
        found = examine(model, resized, content, always=always, say=_say)
        if found.trials:
            _say(as_text(found))
        examined[found.content] = found
        return found.content

    def train(recipe: Recipe) -> "Trained":
        epochs = recipe.epochs
        _say(f"Training {record.candidate_id} for {epochs} epochs from seed {recipe.seed} …")
        trained = retrain(
            lambda: space.build(fixed_hyperparameters(record.hyperparameters)),
            dataset,
            recipe,
            lambda epoch, accuracy: _say(f"  epoch {epoch}/{epochs}  validation {accuracy:.4f}"),
            lambda model: warm_start(space, model, record.hyperparameters),
            front_end=front_end,
            refine=refine,
        )
        _say(f"  float {trained.float_accuracy:.4f}, int8 {trained.accuracy:.4f} on validation")
        return trained

    with native_output_to(out / TRAINING_LOG):
        tried = [train(recipe) for recipe in recipes]
        best = max(tried, key=lambda each: each.accuracy)
        searched = _searched(directory, record, dataset, best, front_end)
        if searched and searched.accuracy > best.accuracy:
            _say(f"  better after the search's {searched.epochs} epochs: those weights are kept")
            best = searched
        return measure(best, dataset, front_end, tried=tried), examined.get(best.content)


def _compile(network: "Deployable", compiler: "Compiler | None") -> "CompilerAnswer | None":
    from nas.compiler.compile_cache import CompileCache, default_folder
    from nas.compiler.compiler import compile_model

    if compiler is None:
        return None
    _say(f"Compiling with edgetpu_compiler {compiler.version} …")
    return compile_model(network.trained.content, compiler, cache=CompileCache(default_folder()))


def _write(
    out: Path,
    config: RunConfig,
    record: Record,
    network: "Deployable",
    answer: "CompilerAnswer | None",
    *,
    forensics: "Forensics | None",
) -> None:
    from nas.assembly import make_estimator
    from nas.bundle.bundle import write_bundle
    from nas.bundle.card import model_card
    from nas.network.network import host_work
    from nas.network.tflite import parse_network
    from nas.quantization.statement import as_json, as_markdown

    estimator, preparation = make_estimator(config), _preparation(config, network)
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
        card=model_card(
            config,
            record,
            network,
            whole,
            answer,
            preparation=preparation,
            quantization=None if forensics is None else as_markdown(forensics),
        ),
        quantization=None if forensics is None else as_json(forensics),
    )


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


def _searched(
    directory: RunDirectory,
    record: Record,
    dataset: "Dataset",
    retrained: "Trained",
    front_end: Any,
) -> "Trained | None":
    """Return the network that the search left, if it is there and of the same layers."""
    from nas.evaluation.deployable import Trained, validate
    from nas.evaluation.pipeline import MODEL_FILE
    from nas.network.tflite import read_model_file

    try:
        content = read_model_file(directory.model(record.candidate_id) / MODEL_FILE)
        if _layers(content) != _layers(retrained.content):
            return None
    except UserError:
        return None
    curve = record.learning_curve or ()
    best = 1 + max(range(len(curve)), key=curve.__getitem__) if curve else None
    accuracy = validate(content, dataset, front_end)
    return Trained(content, accuracy, record.float_accuracy, record.seed, record.epochs, best)


def _layers(content: bytes) -> list[tuple[str, tuple[int, ...]]]:
    """Return the operators and their output shapes: the same for all weights of one network."""
    from nas.network.tflite import parse_network

    operators = parse_network(content, "model.tflite").operators
    return [(operator.type, operator.outputs[0].shape) for operator in operators]


def _print_result(
    out: Path,
    record: Record,
    network: "Deployable",
    answer: "CompilerAnswer | None",
    delivery: Delivery | None,
    *,
    as_json: bool,
) -> int:
    """Say what was written and whether it keeps what the search recorded."""
    from nas.bundle.seeds import seed_result, seeds_sentence
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
                "validation_accuracy": network.trained.accuracy,
                "seed": network.trained.seed,
                "seeds": [seed_result(each) for each in network.tried],
                "test_accuracy": network.test_accuracy,
                "test_accuracy_low": low,
                "test_accuracy_high": high,
                "compiles": answer.compilation.outcome if answer else None,
                "compile_reason": answer.compilation.reason if answer else None,
                "delivered": None if delivery is None else vars(delivery),
            }
        )
    else:
        print(
            f"{out}: int8 accuracy {network.test_accuracy:.4f} on the test split "
            f"(95 % interval {low:.4f} – {high:.4f}),\n"
            f"{network.trained.accuracy:.4f} on validation; "
            f"the search recorded {record.accuracy:.4f} there.\n"
            + (f"{seeds_sentence(network.tried)}\n" if len(network.tried) > 1 else "")
            + f"Try it: python {out}/classify.py FILE; check it anywhere: python {out}/verify.py"
        )
    if delivery is not None:
        _say(delivery.said)
    if not _keeps_its_promise(record, network):
        _say("Less accurate than the search recorded: train longer with --epochs, or pick another.")
        return EXIT_FAILED
    if answer is not None and answer.content is None:
        _say(f"The compiler refuses this network: {answer.compilation.reason}")
        return EXIT_FAILED
    return EXIT_FAILED if delivery is not None and not delivery.verified else EXIT_DONE


def _keeps_its_promise(record: Record, network: "Deployable") -> bool:
    """Whether the network is as accurate as the search recorded, within its interval."""
    return record.accuracy_low is None or network.trained.accuracy >= record.accuracy_low


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
