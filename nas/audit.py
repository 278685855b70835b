"""``python -m nas.audit``: what a search space holds and costs, before any training."""

import argparse
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
from nas.errors import UserError
from nas.records.constraint import Constraint, parse_constraint
from nas.setup_options import add_setup_options, read_setup
from nas.tensorflow_settings import load_tensorflow

if TYPE_CHECKING:
    from nas.auditing.audit import Audit, Question
    from nas.auditing.audit_sample import Sample


def main(argv: Sequence[str] | None = None) -> int:
    """Cost settings of a space and show what they say about it.

    Args:
        argv: Command-line words; those of the process by default.

    Returns:
        The exit status.

    Raises:
        UserError: The options make no sense, or the space cannot be loaded.
    """
    options = _parser().parse_args(argv)
    constraints = tuple(_known_constraint(text) for text in options.constraint or ())
    check_picture(options.picture)
    from nas.auditing.audit import audit

    question = _question(options, constraints)
    found = audit(question, _read(question))
    _show(found, options)
    if not found.is_interrupted:
        return EXIT_DONE
    read = found.drawn + found.changed
    print(
        f"python -m nas.audit: interrupted after {read:,} of {options.candidates:,} settings",
        file=sys.stderr,
    )
    return EXIT_INTERRUPTED


def _question(options: argparse.Namespace, constraints: tuple[Constraint, ...]) -> "Question":
    from nas.auditing.audit import Question

    return Question(
        space=options.space,
        image_size=options.image_size,
        classes=options.classes,
        candidates=options.candidates,
        seed=options.seed,
        estimator=read_setup(options),
        constraints=constraints,
    )


def _read(question: "Question") -> "Sample":
    """Read the space until there is enough; Ctrl-C leaves what was read. Loads TensorFlow."""
    load_tensorflow()
    from nas.auditing.audit_sampler import Sampler
    from nas.costing import open_space
    from search_spaces import presets

    space = open_space(question.space, question.image_size, question.classes)
    sampler = Sampler(question.space, space, question.estimator, question.seed)
    try:
        with _progress(question.space, question.candidates) as show:
            sampler.read_presets(presets(space))
            for done in sampler.fill(question.candidates):
                show(done)
    except KeyboardInterrupt:
        if not sampler.sample.drawn:
            raise
    return sampler.sample


def _show(audit: "Audit", options: argparse.Namespace) -> None:
    if options.picture is not None:
        from nas.view.audit_figure import draw_audit

        draw_audit(options.picture, audit)
    if options.json:
        print_json(audit.as_dict())
        return
    from nas.view.audit import print_audit
    from nas.view.output import Output

    print_audit(Output(), audit)


@contextmanager
def _progress(space: str, count: int) -> Iterator[Callable[[int], None]]:
    """Show how many settings are costed, on standard error and in a terminal only."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from nas.view.text import plain

    console = Console(stderr=True)
    words = TextColumn("{task.description}", markup=False)
    columns = (words, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    hidden = not console.is_interactive
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(f"Costing {plain(space, 40)}", total=count)
        yield lambda done: bar.update(task, completed=done)


def _known_constraint(text: str) -> Constraint:
    """Read a constraint on a cost that is known before training.

    Raises:
        UserError: It is no constraint, or on something else.
    """
    from nas.auditing.audit_costs import KNOWN_BEFORE_TRAINING

    constraint = parse_constraint(text)
    if constraint.name not in KNOWN_BEFORE_TRAINING:
        raise UserError(
            f"constraint {text!r}: {constraint.name} is not known before training; "
            f"use one of {', '.join(KNOWN_BEFORE_TRAINING)}"
        )
    return constraint


def _parser() -> CommandParser:
    parser = CommandParser(
        "audit", "What a search space holds and what its networks cost, before any training."
    )
    add = parser.add_argument
    add("--space", required=True, metavar="NAME", help="search space, registered or your own")
    add("--candidates", type=parse_count, default=2000, metavar="N", help="settings to cost")
    add("--seed", type=parse_seed, default=0, metavar="N", help="seed of the draws")
    add("--constraint", action="append", metavar="NAME<=NUMBER",
        help="show the share that keeps it, such as 'latency_ms<=5'; repeat")  # fmt: skip
    add("--image-size", type=parse_count, default=64, metavar="N", help="input side in pixels")
    add("--classes", type=parse_count, default=2, metavar="N", help="classes")
    add_setup_options(parser)
    add("--json", action="store_true", help="print one JSON object")
    add("--picture", type=Path, metavar="FILE.png", help="draw the audit as well")
    return parser


if __name__ == "__main__":
    run_command("audit", main)
