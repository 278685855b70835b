"""The model card: what a network is, how good, at what cost, and who says so."""

from collections.abc import Sequence

from nas.bundle.final_training import Final
from nas.bundle.preparation import IMAGE, Preparation
from nas.bundle.seeds import seeds_table
from nas.compiler.compile_answer import CompilerAnswer
from nas.edgetpu.estimator import Estimate
from nas.evaluation.deployable import Deployable
from nas.evaluation.interval import accuracy_interval
from nas.quantization.statement import as_markdown
from nas.records.record import Record
from nas.records.run import RunConfig

_MIB = 2**20


def model_card(
    config: RunConfig,
    record: Record,
    final: Final,
    estimate: Estimate,
    answer: CompilerAnswer | None,
    *,
    preparation: Preparation,
) -> str:
    """Write the card of an exported network in Markdown.

    Args:
        config: The run it is from.
        record: What the search recorded.
        final: The network as exported, and what its training came to.
        estimate: Costs of the exported file.
        answer: What the compiler made of it, where there was one.
        preparation: What turns a user's file into its input.
    """
    sections = [
        f"# {config.space} {record.candidate_id}\n",
        _introduction(config, record, preparation.kind),
        _accuracy(record, final),
        *([] if final.forensics is None else [as_markdown(final.forensics)]),
        _costs(config, record, estimate, answer),
        _recipe(config, final.network, preparation.words),
        _settings(record),
        _limits(config, preparation.kind),
    ]
    return "\n".join(sections)


def _introduction(config: RunConfig, record: Record, kind: str) -> str:
    made = f"the hand-made network `{record.preset}`" if record.preset else "found by a search"
    task = (
        "`model_uint8.tflite` is the same network with uint8 input and output, as the task "
        "libraries for images want it.\n"
    )
    return (
        f"An int8 {kind} classifier for the Coral Edge TPU, {made}.\n"
        f"Classes: {len(config.class_names)}, listed in `labels.txt`.\n"
        f"{task if kind == IMAGE else ''}"
    )


def _accuracy(record: Record, final: Final) -> str:
    network, seeds = final.network, seeds_table(final)
    return (
        "## Accuracy of the int8 network\n\n"
        "| split | examples | accuracy | 95 % interval |\n|---|---|---|---|\n"
        + _row("test", network.test_accuracy, network.test_examples)
        + _row("validation", network.trained.accuracy, network.validation_examples)
        + f"| validation, as recorded by the search | {network.validation_examples} "
        f"| {_number(record.accuracy)} "
        f"| {_number(record.accuracy_low)} – {_number(record.accuracy_high)} |\n\n"
        "Intervals are Wilson's; the recorded one is that of the accuracy on the test split, as "
        "predicted from the validation split.\n"
        "The validation split chose the network, its training and its checkpoint; the test split "
        "chose nothing.\n" + (f"\n{seeds}" if seeds else "")
    )


def _row(split: str, accuracy: float, examples: int) -> str:
    low, high = accuracy_interval(accuracy, examples)
    return f"| {split} | {examples} | {accuracy:.4f} | {low:.4f} – {high:.4f} |\n"


def _costs(
    config: RunConfig, record: Record, estimate: Estimate, answer: CompilerAnswer | None
) -> str:
    latency = (
        f"{_number(estimate.latency_ms)} ms "
        f"({_number(estimate.latency_low_ms)} – {_number(estimate.latency_high_ms)} ms)"
    )
    return (
        f"## Costs of one inference\n\n"
        f"Estimated by the chip model for {config.link} at {config.clock_mhz:g} MHz, "
        f"host {config.host}; this file was not measured on a device.\n\n"
        "| what | value |\n|---|---|\n"
        f"| latency (80 % interval) | {latency} |\n"
        + _measured_row(record)
        + f"| of it the host, preparing the input | {_milliseconds(estimate.front_end_ms)} |\n"
        f"| energy | {_number(estimate.energy_mj)} mJ |\n"
        f"| parameter memory | {_mib(estimate.parameter_bytes)} |\n"
        f"| on the chip / streamed on every inference | {_mib(estimate.on_chip_bytes)} / "
        f"{_mib(estimate.off_chip_bytes)} |\n"
        f"| operators on the Edge TPU | {estimate.ops_mapped} of {estimate.ops_total} |\n"
        f"| compiles, by the rules | {estimate.compiles}: "
        f"{estimate.compile_reason or 'no rule is broken'} |\n" + _compiler_row(answer)
    )


def _measured_row(record: Record) -> str:
    """Return what a device took for the search's own file of this network, if one ran it."""
    if record.latency_source != "device":
        return ""
    quartiles = f"{_number(record.latency_low_ms)} – {_number(record.latency_high_ms)} ms"
    return (
        f"| latency the search measured on {_plain(record.latency_device)} (quartiles) "
        f"| {_number(record.latency_ms)} ms ({quartiles}) |\n"
    )


def _compiler_row(answer: CompilerAnswer | None) -> str:
    if answer is None:
        return "| edgetpu_compiler | was not there |\n"
    return f"| edgetpu_compiler | {answer.compilation.outcome}: {answer.compilation.reason} |\n"


def _recipe(config: RunConfig, network: Deployable, input_words: str) -> str:
    trained = network.trained
    sizes = ", ".join(f"{count} {name}" for name, count in config.split_sizes.items())
    return (
        "## Data and training\n\n"
        f"Data: `{_plain(config.data)}` ({sizes}); fingerprint `{config.data_fingerprint}`.\n"
        f"{'Drawn by this project, not recorded. ' if config.is_synthetic else ''}"
        f"Trained for {trained.epochs or 'an unknown number of'} epochs with Adam from seed "
        f"{'unknown' if trained.seed is None else trained.seed}; "
        f"epoch {trained.best_epoch or 'unknown'} was kept. "
        f"{_augmentation(trained.augmentation)}"
        f"Input: {input_words}, "
        "prepared as `preprocessing.json` says. With the same options, versions and number of "
        "processors, another export gives the same bytes of `model.tflite`.\n"
    )


def _augmentation(names: Sequence[str]) -> str:
    return f"Training images were changed at random: {', '.join(names)}. " if names else ""


def _settings(record: Record) -> str:
    rows = "".join(f"| `{n}` | `{_plain(v)}` |\n" for n, v in record.hyperparameters.items())
    return f"## Hyperparameters\n\n| name | value |\n|---|---|\n{rows}"


def _limits(config: RunConfig, kind: str) -> str:
    return (
        "## Limits\n\n"
        f"Accuracy holds for {kind}s like those it was trained on. The licence of the data applies "
        "to the weights. Latency, energy and memory are estimates until they are measured.\n\n"
        f"Made by edgetpu-nas; versions: "
        f"{', '.join(f'{name} {version}' for name, version in config.versions.items())}; "
        f"commit {config.git_commit or 'unknown'}.\n"
    )


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"


def _milliseconds(value: float | None) -> str:
    return "not counted" if value is None else f"{value:.4g} ms"


def _mib(value: int | None) -> str:
    return "unknown" if value is None else f"{value / _MIB:.2f} MiB ({value} bytes)"


def _plain(value: object) -> str:
    """Return text that cannot leave its code span or table cell."""
    return str(value).replace("`", "'").replace("|", "/").replace("\n", " ")
