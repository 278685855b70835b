"""What every registered space promises, on candidates drawn at random."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from nas.candidates.candidate import Candidate, build_candidate
from nas.candidates.hyperparameters import OptunaHyperParameters, encode, fixed_hyperparameters
from nas.candidates.reading import read_candidate
from nas.data.dataset import Split
from nas.edgetpu.estimator import Estimator
from nas.errors import CandidateError
from nas.network.keras_graph import read_keras_model
from nas.network.network import Network, Operator
from nas.network.tflite import parse_network
from search_spaces import (
    SPACES,
    Space,
    example_shape,
    find_front_end,
    load_space,
    presets,
)
from search_spaces.registry import EXAMPLE_SIGNAL

SIDE, CLASSES = 64, 3


@pytest.fixture(params=SPACES)
def space(request: pytest.FixtureRequest) -> Space:
    shape = example_shape(request.param, SIDE)
    return load_space(request.param, input_shape=shape, classes=CLASSES)


def draw(space: Space, count: int, seed: int = 0) -> list[tuple[Candidate, optuna.Trial]]:
    """Draw candidates, again where the space refuses a setting, such as one without any path."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    drawn: list[tuple[Candidate, optuna.Trial]] = []
    while len(drawn) < count:
        trial = study.ask()
        assert trial.number < 2 * count, "a space must build at least half of its settings"
        with suppress(CandidateError):
            drawn.append((build_candidate(space, OptunaHyperParameters(trial)), trial))
    return drawn


def test_candidates_have_the_data_s_input_and_output(space: Space) -> None:
    for candidate, _ in draw(space, 3):
        (model_input,), (output,) = candidate.model.inputs, candidate.model.outputs
        front_end = find_front_end(space, candidate.hyperparameters)
        if front_end is None:
            assert model_input.shape[1] <= SIDE
            assert model_input.shape[3] == 3
        else:
            prepared = front_end(np.zeros((2, *EXAMPLE_SIGNAL), np.float32))
            assert model_input.shape[1:] == prepared.shape[1:]
        assert output.shape == (None, CLASSES)


def test_the_same_settings_give_the_same_network(space: Space) -> None:
    for candidate, _ in draw(space, 2):
        again = build_candidate(space, fixed_hyperparameters(candidate.hyperparameters))
        assert again.id == candidate.id
        assert again.hyperparameters == candidate.hyperparameters


@pytest.mark.slow
def test_encoding_gives_back_the_trial_s_own_parameters(space: Space) -> None:
    for candidate, trial in draw(space, 3):
        assert encode(candidate.space, candidate.hyperparameters) == trial.params


def test_one_name_always_offers_the_same_choices(space: Space) -> None:
    offered: dict[str, Any] = {}
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(20):
        with suppress(CandidateError):
            kinds = read_candidate(space, OptunaHyperParameters(study.ask())).kinds
            for kind in kinds:
                assert offered.setdefault(kind.name, kind.get_config()) == kind.get_config()
    assert offered


def test_presets_can_be_drawn_by_a_trial(space: Space) -> None:
    study = optuna.create_study()
    for values in presets(space).values():
        built = build_candidate(space, fixed_hyperparameters(values))
        study.enqueue_trial(encode(built.space, values))
        drawn = build_candidate(space, OptunaHyperParameters(study.ask()))
        assert drawn.id == built.id
        assert drawn.hyperparameters == dict(values)


@pytest.mark.slow
def test_candidates_convert_to_int8_map_completely_and_cost_what_was_predicted(
    space: Space,
) -> None:
    """The operators read from the Keras model are those of the converted file."""
    from nas.evaluation.quantization import quantize

    estimator = Estimator()
    for candidate, _ in draw(space, 3, seed=1):
        model = with_biases(space.build(fixed_hyperparameters(candidate.hyperparameters)))
        predicted = read_keras_model(candidate.model)
        converted = parse_network(quantize(model, noise(model)), "candidate")
        assert signatures(predicted) == signatures(converted)
        before, after = estimator.estimate(predicted), estimator.estimate(converted)
        assert after.ops_mapped == after.ops_total
        assert before.parameter_bytes == after.parameter_bytes
        assert before.latency_ms == pytest.approx(after.latency_ms, rel=0.01)


def with_biases(model: Any) -> Any:
    """Return the model with biases that are not zero in int8 either, as they are after training.

    The converter drops the others. Normalization takes the statistics of one batch: with those
    of an untrained network activations grow from cell to cell until biases round to zero.
    """
    model.set_weights([weights + 0.01 for weights in model.get_weights()])
    for layer in model.layers:
        if hasattr(layer, "momentum"):
            layer.momentum = 0.0
    model(noise(model).inputs, training=True)
    return model


def noise(model: Any) -> Split:
    shape = (3, *model.inputs[0].shape[1:])
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    return Split(images, np.zeros(3, np.int32))


def signatures(network: Network) -> list[tuple[Any, ...]]:
    return sorted(map(signature, network.operators))


def signature(operator: Operator) -> tuple[Any, ...]:
    weights = max((tensor.shape for tensor in operator.constants), key=len, default=())
    return operator.type, operator.version, operator.outputs[0].shape, weights, operator.macs


def test_the_registry_names_files_that_exist() -> None:
    root = Path(__file__).parents[2]
    for place in SPACES.values():
        module = place.partition(":")[0].replace(".", "/")
        assert (root / f"{module}.py").exists()
