"""``python -m nas.estimate``: what a network costs on the Edge TPU, before it is compiled."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from nas.command import EXIT_DONE, CommandParser, parse_count, print_json, run_command
from nas.compiler.compiled import CompiledModel, parse_compiled
from nas.compiler.compiled_report import describe_compiled, render_compiled
from nas.edgetpu.edits import suggest_edits
from nas.edgetpu.estimator import Estimator
from nas.edgetpu.table import render_estimate
from nas.errors import CandidateError, UserError
from nas.network.network import Network
from nas.network.tflite import CompiledFileError, parse_network, read_model_file
from nas.setup_options import add_setup_options, read_setup
from nas.tensorflow_settings import load_tensorflow


def main(argv: Sequence[str] | None = None) -> int:
    """Estimate one model, or candidates of a search space.

    Args:
        argv: Command-line words; those of the process by default.

    Returns:
        The exit status.

    Raises:
        UserError: The options or the file make no sense.
    """
    options = _parse(argv)
    estimator = read_setup(options)
    if options.space is not None:
        return _estimate_space(options, estimator)
    data = read_model_file(options.model)
    try:
        network = parse_network(data, source=str(options.model))
    except CompiledFileError:
        _print_compiled(options.model.name, parse_compiled(data, str(options.model)), options.json)
    else:
        _print_estimate(options.model.name, network, estimator, options.json)
    return EXIT_DONE


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = CommandParser(
        "estimate", "What a network costs on the Edge TPU, before compiling or running it."
    )
    parser.add_argument(
        "model", nargs="?", type=Path, help="int8 or uint8 .tflite file, or one that is compiled"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_setup_options(parser)
    parser.add_argument("--space", metavar="NAME", help="a candidate of this search space instead")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a hyperparameter; repeat"
    )
    parser.add_argument(
        "--set-file", type=Path, metavar="FILE.jsonl", help="one object of hyperparameters a line"
    )
    parser.add_argument(
        "--image-size", type=parse_count, default=64, help="input side of the space in pixels"
    )
    parser.add_argument(
        "--classes", type=parse_count, default=2, help="classes the space is built for"
    )
    options = parser.parse_args(argv)
    _check(options)
    return options


def _check(options: argparse.Namespace) -> None:
    if (options.model is None) == (options.space is None):
        raise UserError("give a .tflite file or --space NAME, one of the two")
    if options.space is None and (options.set or options.set_file):
        raise UserError("--set and --set-file describe a candidate: they need --space NAME")
    if options.set and options.set_file:
        raise UserError("give --set or --set-file, not both")


def _print_estimate(name: str, network: Network, estimator: Estimator, as_json: bool) -> None:
    estimate = estimator.estimate(network)
    if as_json:
        print_json(estimate.as_dict())
    else:
        print(render_estimate(name, estimate, suggest_edits(network, estimate)))


def _print_compiled(name: str, model: CompiledModel, as_json: bool) -> None:
    if as_json:
        print_json(describe_compiled(model))
    else:
        print(render_compiled(name, model))


def _estimate_space(options: argparse.Namespace, estimator: Estimator) -> int:
    """Estimate candidates of a search space; this alone loads TensorFlow."""
    load_tensorflow()
    from nas.costing import cost_lines, open_space, parse_settings, read_candidate

    space = open_space(options.space, options.image_size, options.classes)
    if options.set_file is not None:
        for line in cost_lines(options.set_file, space, estimator):
            print_json(line)
        return EXIT_DONE
    try:
        network = read_candidate(space, parse_settings(options.set))
    except CandidateError as error:
        raise UserError(f"--space {options.space}: {error}") from error
    _print_estimate(options.space, network, estimator, options.json)
    return EXIT_DONE


if __name__ == "__main__":
    run_command("estimate", main)
