"""``python -m nas.sweep``: adjust a network step by step and find where its cost jumps."""

import argparse
import gc
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nas.command import (
    EXIT_DONE,
    EXIT_INTERRUPTED,
    CommandParser,
    check_picture,
    parse_count,
    parse_seed,
    print_json,
    run_command,
)
from nas.edgetpu.estimator import Estimator
from nas.errors import UserError
from nas.setup_options import add_setup_options, read_setup
from nas.tensorflow_settings import load_tensorflow, native_output_to, quiet_tensorflow
from search_spaces import default_data

if TYPE_CHECKING:
    from nas.data.dataset import Dataset
    from nas.device.pool import DevicePool
    from nas.subject import Subject
    from nas.sweeping.adjustments import Adjustment, AdjustmentName
    from nas.sweeping.step import Step
    from nas.sweeping.sweep import Sweep

_FORMS = {"width": ("multiplier", "columns"), "input": ("image", "vector")}
_SPACE_SIDE, _SPACE_CLASSES = 64, 2
_IMAGE_AXES = 3
_TRAINED_STEPS = 5
_TRAINING = {"epochs": 8, "batch_size": 64, "seed": 0}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sweep and show it.

    Args:
        argv: Command-line words; those of the process by default.

    Returns:
        The exit status.

    Raises:
        UserError: The options make no sense, or the network cannot be adjusted so.
    """
    options = _parser().parse_args(argv)
    _check(options)
    quiet_tensorflow()
    with _bench(options) as bench, _dataset(options) as dataset:
        load_tensorflow()
        sweep = _sweep(options, dataset, bench)
    _show(sweep, options)
    if not sweep.is_interrupted:
        return EXIT_DONE
    print(f"python -m nas.sweep: interrupted after {len(sweep.steps)} steps", file=sys.stderr)
    return EXIT_INTERRUPTED


def _sweep(
    options: argparse.Namespace, dataset: "Dataset | None", bench: "DevicePool | None"
) -> "Sweep":
    from nas.sweeping.adjustments import choose_adjustment
    from nas.sweeping.laboratory import ModelLaboratory
    from nas.sweeping.recommendation import Recommendation, check_recommendations
    from nas.sweeping.step import Step, estimated
    from nas.sweeping.sweep import Sweep, cost_steps

    subject = _subject(options, dataset)
    adjustment = choose_adjustment(
        subject.model, _adjustment_name(options), options.layer, options.values
    )
    estimator = read_setup(options)
    measure = estimated(estimator)
    gc.freeze()  # what is loaded stays: looking through it again costs a sixth of the sweep
    steps: list[Step] = []
    recommendations: tuple[Recommendation, ...] = ()
    is_interrupted = False
    try:
        with _progress(subject.name, len(adjustment.values)) as show:
            for step in cost_steps(subject.model, adjustment, measure):
                steps.append(step)
                show(len(steps))
            baseline = next(step for step in steps if step.value == adjustment.neutral)
            laboratory = ModelLaboratory(subject.model, measure)
            recommendations = check_recommendations(baseline, steps, laboratory)
        if bench is not None:
            _measure(steps, subject, adjustment, bench)
        if dataset is not None:
            _train(
                steps, subject=subject, adjustment=adjustment, dataset=dataset,
                estimator=estimator, options=options,
            )  # fmt: skip
    except KeyboardInterrupt:
        if not steps:
            raise
        is_interrupted = True
    setup = {name: getattr(estimator, name) for name in ("link", "clock_mhz", "host", "profile")}
    return Sweep(
        subject.name, setup, adjustment, tuple(steps), recommendations, is_interrupted
    )  # fmt: skip


def _measure(
    steps: list["Step"], subject: "Subject", adjustment: "Adjustment", bench: "DevicePool"
) -> None:
    """Measure the latency of every step; where that ends early, the others have none."""
    from nas.sweeping.measuring import converter, measure_steps

    convert = converter(subject.build, adjustment)
    try:
        with _native_output():
            for done, (place, step) in enumerate(measure_steps(steps, convert, bench), start=1):
                steps[place] = step
                print(f"measured {done} of {len(steps)}", file=sys.stderr)
    finally:
        steps[:] = [
            step if step.latency_source == "device" else step.unmeasured("interrupted")
            for step in steps
        ]


def _train(
    steps: list["Step"],
    *,
    subject: "Subject",
    adjustment: "Adjustment",
    dataset: "Dataset",
    estimator: Estimator,
    options: argparse.Namespace,
) -> None:
    """Measure the accuracy of the steps, of a few of them where the values were not chosen."""
    from nas.evaluation.recipe import Recipe
    from nas.sweeping.training import train_step

    recipe = Recipe(options.epochs, options.batch_size, options.seed)
    places = range(len(steps)) if options.values is not None else _spread(len(steps))
    with _native_output() as folder:
        for done, place in enumerate(places, start=1):
            step = steps[place]
            print(
                f"training {done} of {len(places)}: {adjustment.words} {step.value:g}",
                file=sys.stderr,
            )
            if step.reason is None:
                steps[place] = train_step(
                    step, subject.build, adjustment, dataset, folder,
                    recipe=recipe, estimator=estimator, front_end=subject.front_end,
                )  # fmt: skip


def _spread(count: int) -> list[int]:
    wanted = min(count, _TRAINED_STEPS)
    return sorted({round(at * (count - 1) / max(1, wanted - 1)) for at in range(wanted)})


def _subject(options: argparse.Namespace, dataset: "Dataset | None") -> "Subject":
    from nas.subject import open_application, open_candidate, open_file, with_classes

    classes = len(dataset.class_names) if dataset else options.classes
    if options.space is not None:
        return open_candidate(
            options.space, options.preset, options.set, options.image_size or _SPACE_SIDE,
            classes or _SPACE_CLASSES, input_shape=dataset.input_shape if dataset else None,
        )  # fmt: skip
    if dataset is not None and len(dataset.input_shape) != _IMAGE_AXES:
        raise UserError(f"--data {options.data} holds signals: name a --space for them")
    side = dataset.input_shape[0] if dataset else options.image_size
    if not options.model.endswith(".keras"):
        return open_application(options.model, side, classes)
    subject = open_file(Path(options.model))
    return subject if dataset is None else with_classes(subject, len(dataset.class_names))


@contextmanager
def _bench(options: argparse.Namespace) -> Iterator["DevicePool | None"]:
    """Give what latencies are measured with, or nothing where they are estimated."""
    from nas.bench import open_bench
    from nas.records.run import Settings

    bench, notes = open_bench(Settings(device=options.device, compiler=options.compiler))
    for note in notes:
        print(note, file=sys.stderr)
    try:
        yield bench
    finally:
        if bench is not None:
            bench.close()


@contextmanager
def _native_output() -> Iterator[Path]:
    """Keep what TensorFlow's native parts write off the terminal; give a folder meanwhile."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="sweep-") as name, native_output_to(Path(name) / "native.log"):
        yield Path(name)


@contextmanager
def _dataset(options: argparse.Namespace) -> Iterator["Dataset | None"]:
    """Give the data to train on, decoded into a temporary folder, or nothing."""
    if not options.train:
        yield None
        return
    from tempfile import TemporaryDirectory

    from nas.data.sources import prepare_dataset

    with TemporaryDirectory(prefix="sweep-") as folder:
        yield prepare_dataset(
            options.data, image_size=options.image_size, seed=options.seed,
            directory=Path(folder) / "data",
        )  # fmt: skip


def _adjustment_name(options: argparse.Namespace) -> "AdjustmentName":
    if options.adjust not in _FORMS:
        name: AdjustmentName = options.adjust
        return name
    forms: dict[str, AdjustmentName] = {
        "multiplier": "width", "columns": "columns", "image": "image", "vector": "vector",
    }  # fmt: skip
    return forms[options.by or _FORMS[options.adjust][0]]


def _show(sweep: "Sweep", options: argparse.Namespace) -> None:
    if options.picture is not None:
        from nas.view.sweep_figure import draw_sweep

        draw_sweep(options.picture, sweep)
    if options.json:
        print_json(sweep.as_dict())
        return
    from nas.view.output import Output
    from nas.view.sweep import print_sweep

    print_sweep(Output(), sweep)


@contextmanager
def _progress(name: str, count: int) -> Iterator[Callable[[int], None]]:
    """Show how many steps are costed, on standard error and in a terminal only."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from nas.view.text import plain

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    hidden = not console.is_interactive
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(f"Costing {plain(name, 40)}", total=count)
        yield lambda done: bar.update(task, completed=done)


# --- options --------------------------------------------------------------------------------


def _check(options: argparse.Namespace) -> None:
    if (options.model is None) == (options.space is None):
        raise UserError("give a .keras file, a name of keras.applications or --space NAME, one")
    if options.space is None and (options.set or options.preset):
        raise UserError("--set and --preset describe a candidate: they need --space NAME")
    if options.by is not None and options.by not in _FORMS.get(options.adjust, ()):
        raise UserError(f"--by {options.by} is no form of --adjust {options.adjust}")
    is_file = options.model is not None and options.model.endswith(".keras")
    if is_file and (options.image_size or options.classes) and not options.train:
        raise UserError("a .keras file has its own input and classes: leave those options out")
    _check_training(options)
    check_picture(options.picture)


def _check_training(options: argparse.Namespace) -> None:
    given = [name for name in ("data", *_TRAINING) if getattr(options, name) is not None]
    if not options.train:
        if given:
            raise UserError(f"--{given[0].replace('_', '-')} is for training: add --train")
        return
    if options.adjust == "classes" or options.by == "vector":
        what = "classes are" if options.adjust == "classes" else "input is"
        raise UserError(f"--train: the {what} the data's; train another adjustment")
    if options.classes is not None:
        raise UserError("--classes: with --train they are the data's; leave it out")
    for name, value in _TRAINING.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    options.data = options.data or default_data(
        options.space or "", images="pcb_synthetic", signals="motion_synthetic"
    )


def _parse_values(text: str) -> tuple[float, ...]:
    try:
        values = tuple(float(word) for word in text.split(","))
    except ValueError:
        values = (math.nan,)
    if not all(map(math.isfinite, values)):
        raise argparse.ArgumentTypeError(f"numbers with commas between are needed, got {text!r}")
    return values


def _parser() -> CommandParser:
    parser = CommandParser(
        "sweep", "Adjust a network step by step and find where its cost jumps out of proportion."
    )
    add = parser.add_argument
    add("model", nargs="?", help=".keras file, or a name of keras.applications: MobileNetV2")
    add("--adjust", required=True, choices=("depth", "width", "input", "classes"),
        help="what to adjust")  # fmt: skip
    add("--by", choices=("multiplier", "columns", "image", "vector"),
        help="form of a width (default: multiplier) or input (default: image)")  # fmt: skip
    add("--layer", metavar="NAME", help="layer to widen, or last layer of the block to repeat")
    add("--values", type=_parse_values, metavar="N,N", help="values instead of the study's range")
    add("--space", metavar="NAME", help="a candidate of this search space instead")
    add("--preset", metavar="NAME", help="hand-made network of the space")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="hyperparameter; repeat")
    add("--image-size", type=parse_count, metavar="N",
        help=f"input side in pixels (default: {_SPACE_SIDE} for a space, else 224)")  # fmt: skip
    add("--classes", type=parse_count, metavar="N",
        help=f"classes (default: {_SPACE_CLASSES} for a space, else 1000)")  # fmt: skip
    add_setup_options(parser)
    add("--device", default="estimate", metavar="DEVICE",
        help="where latency is from: estimate, auto, usb, usb:1, pci, ssh://user@host")  # fmt: skip
    add("--compiler", metavar="PATH",
        help="edgetpu_compiler, which measuring needs (default: the one on PATH)")  # fmt: skip
    add("--train", action="store_true", help="measure int8 accuracy after brief trainings as well")
    add("--data", metavar="SPEC",
        help="data to train on (default: pcb_synthetic, for signals motion_synthetic)")  # fmt: skip
    for name, text in (("epochs", "epochs of a training"), ("batch_size", "examples a step")):
        add(f"--{name.replace('_', '-')}", type=parse_count, metavar="N",
            help=f"{text} (default: {_TRAINING[name]})")  # fmt: skip
    add("--seed", type=parse_seed, metavar="N", help="seed of the training (default: 0)")
    add("--json", action="store_true", help="print one JSON object")
    add("--picture", type=Path, metavar="FILE.png", help="draw the sweep as well")
    return parser


if __name__ == "__main__":
    run_command("sweep", main)
