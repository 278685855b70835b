"""Where a candidate's time goes, read from the network that the search saved."""

from collections.abc import Mapping
from dataclasses import dataclass

from nas.edgetpu.attribution import Cause, attribute_latency
from nas.edgetpu.edits import suggest_edits
from nas.edgetpu.estimator import OperatorEstimate
from nas.errors import CandidateError, UserError
from nas.network.tflite import parse_network, read_model_file
from nas.records.chip_model import make_estimator
from nas.records.run import RunConfig, RunDirectory

# As nas.evaluation.pipeline names it, which imports Keras.
_MODEL_FILE = "model.tflite"


@dataclass(frozen=True)
class Anatomy:
    """What the chip model says of one network.

    Attributes:
        operators: Its operators in execution order.
        causes: Milliseconds by cause, which add up to the latency; empty where it is not known.
        edits: Changes that would pay, with the milliseconds each can save at most.
    """

    operators: tuple[OperatorEstimate, ...]
    causes: Mapping[Cause, float]
    edits: tuple[tuple[str, float], ...]


def read_anatomy(directory: RunDirectory, config: RunConfig, candidate_id: str) -> Anatomy | None:
    """Estimate the saved network of a candidate; ``None`` where there is no readable one."""
    try:
        estimator = make_estimator(config)
        path = directory.model(candidate_id) / _MODEL_FILE
        network = parse_network(read_model_file(path), str(path))
    except (UserError, CandidateError):
        return None
    estimate = estimator.estimate(network)
    return Anatomy(
        operators=estimate.ops,
        causes=attribute_latency(network, estimate) or {},
        edits=tuple((edit.words, edit.gain_ms) for edit in suggest_edits(network, estimate)),
    )
