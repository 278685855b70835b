"""Networks of keras.applications: the same layers, weights and preprocessing, once."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from nas.candidates.hyperparameters import fixed_hyperparameters
from nas.candidates.reading import read_candidate
from nas.edgetpu.estimator import Estimator
from nas.evaluation.quantization import quantize
from nas.evaluation.training import outputs_logits
from nas.network.tflite import parse_network
from search_spaces import SpaceError, load_space, transfer, warm_start
from search_spaces.backbones import BACKBONES, make_backbone, read_blueprint
from search_spaces.transfer import PREFIX, Transfer
from tests.search_spaces.test_conformance import noise, signatures, with_biases

WHOLE = {"depth": 1.0, "widening": 1.0, "pooling": "average", "head_width": 0}
MODULES = {
    "MobileNet": "mobilenet",
    "MobileNetV2": "mobilenet_v2",
    "ResNet50V2": "resnet_v2",
    "InceptionV3": "inception_v3",
    "Xception": "xception",
    "DenseNet121": "densenet",
}
"""Where ``preprocess_input`` is; the other families have their own layers for it."""
FAMILIES = {each.function: name for name, each in BACKBONES.items()}


def values(name: str, side: int, **changes: Any) -> dict[str, Any]:
    return WHOLE | {"input_size": side, "backbone": name} | changes


def read(name: str, side: int = 224, **changes: Any) -> Any:
    space = Transfer((side, side, 3), 10)
    return read_candidate(space, fixed_hyperparameters(values(name, side, **changes)))


@pytest.mark.slow
@pytest.mark.parametrize("name", BACKBONES)
def test_a_whole_backbone_has_keras_own_number_of_parameters(name: str) -> None:
    with keras.StatelessScope(initialize_variables=False):
        own = make_backbone(name, 224)
    head = 10 * (own.output_shape[-1] + 1)
    reading = read(name)
    assert not reading.built
    assert reading.parameters == own.count_params() + head


@pytest.mark.slow
@pytest.mark.parametrize("name", BACKBONES)
def test_every_backbone_maps_completely_at_every_depth(name: str) -> None:
    sizes = []
    for depth in (0.4, 0.55, 0.7, 0.85, 1.0):
        reading = read(name, depth=depth)
        estimate = Estimator().estimate(reading.network)
        assert estimate.ops_mapped == estimate.ops_total
        sizes.append(reading.parameters)
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_a_cut_backbone_ends_where_one_tensor_is_all_that_goes_on() -> None:
    steps = read_blueprint("mobilenet_v2_1.0").until(0.55)
    read_later = [source for step in steps for source in step.sources]
    unread = set(range(1, len(steps) + 1)) - set(read_later)
    assert unread == {len(steps)}


def test_widening_and_head_change_what_follows_the_backbone() -> None:
    plain = read("mobilenet_0.25").parameters
    # 256 channels: to 512 without bias and with 4 values a channel normalized, then 10 classes.
    assert read("mobilenet_0.25", widening=2.0).parameters == (
        plain + 256 * 512 + 4 * 512 + 10 * (512 - 256)
    )
    assert read("mobilenet_0.25", head_width=64).parameters == plain + 257 * 64 + 10 * (64 - 256)


def test_small_images_are_offered_small_backbones() -> None:
    offered = Transfer((64, 64, 3), 2).backbones
    assert "mobilenet_v2_0.35" in offered
    assert "resnet50_v2" not in offered
    assert Transfer((224, 224, 3), 2).backbones == list(BACKBONES)


def test_without_weights_rescaling_leaves_no_operator_of_its_own() -> None:
    for name in Transfer((64, 64, 3), 2).backbones:
        assert read(name, 64).network.operators[0].type == "CONV_2D"


def with_random_weights(name: str, side: int) -> Any:
    """Return Keras' own backbone whose normalizations are not neutral."""
    keras.utils.set_random_seed(0)
    model = make_backbone(name, side)
    rng = np.random.default_rng(0)
    model.set_weights(
        [
            w if w.ndim > 1 else w + 0.1 * rng.random(w.shape, np.float32)
            for w in model.get_weights()
        ]
    )
    return model


def keras_own_features(name: str, model: Any, images: Any) -> Any:
    """Return what Keras computes of pixels with its own preprocessing."""
    backbone = BACKBONES[name]
    settings = dict(backbone.settings)
    if "include_preprocessing" in settings:
        settings["include_preprocessing"] = True
        make = getattr(keras.applications, backbone.function)
        whole = make(include_top=False, weights=None, input_shape=images.shape[1:], **settings)
        whole.set_weights(model.get_weights())
        return whole(images, training=False)
    module = getattr(keras.applications, MODULES[backbone.function])
    return model(module.preprocess_input(images.copy()), training=False)


@pytest.mark.slow
@pytest.mark.parametrize("function", FAMILIES)
def test_weights_meet_the_preprocessing_they_expect_exactly_once(
    function: str, tmp_path: Path
) -> None:
    """Pixels give the features that Keras gives for pixels it has preprocessed itself."""
    name = FAMILIES[function]
    side = max(2 * BACKBONES[name].least_side, 64)
    own = with_random_weights(name, side)
    own.save_weights(tmp_path / f"{name}.weights.h5")
    space = load_space(f"transfer:{tmp_path}", input_shape=(side, side, 3), classes=3)
    model = space.build(fixed_hyperparameters(values(name, side)))
    started = warm_start(space, model, values(name, side))
    images = np.random.default_rng(1).integers(0, 256, (2, side, side, 3)).astype(np.float32)
    last = [layer for layer in model.layers if layer.name.startswith(PREFIX)][-1]
    features = keras.Model(model.inputs[0], last.output)(images, training=False)
    expected = np.asarray(keras_own_features(name, own, images))
    scale = np.abs(expected).max()
    assert scale > 0
    np.testing.assert_allclose(np.asarray(features), expected, atol=1e-4 * scale)
    assert set(started) == {n.name for n in model.layers if n.name.startswith(PREFIX)}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mobilenet_v2_0.35", "efficientnet_v2_b0"])
def test_preprocessing_for_weights_converts_and_maps(name: str, tmp_path: Path) -> None:
    """Offsets that cannot be folded into a padded convolution stay, on the chip."""
    (tmp_path / f"{name}.weights.h5").write_bytes(b"")
    space = Transfer((96, 96, 3), 3, str(tmp_path))
    chosen = fixed_hyperparameters(values(name, 48, depth=0.4))
    predicted = read_candidate(space, chosen).network
    model = with_biases(space.build(chosen))
    converted = parse_network(quantize(model, noise(model)))
    assert predicted is not None
    assert signatures(predicted) == signatures(converted)
    estimate = Estimator().estimate(converted)
    assert estimate.ops_mapped == estimate.ops_total


def test_the_output_is_a_softmax_and_the_loss_knows() -> None:
    model = Transfer((32, 32, 3), 3).build(fixed_hyperparameters(values("mobilenet_0.25", 32)))
    outputs = np.asarray(model(np.zeros((1, 32, 32, 3), np.float32)))
    assert outputs.sum() == pytest.approx(1.0)
    assert not outputs_logits(model)


def test_without_weights_nothing_is_frozen() -> None:
    space = Transfer((32, 32, 3), 3)
    model = space.build(fixed_hyperparameters(values("mobilenet_0.25", 32)))
    assert warm_start(space, model, values("mobilenet_0.25", 32)) == ()
    assert all(layer.trainable for layer in model.layers)


def test_only_backbones_whose_weights_are_there_are_offered(tmp_path: Path) -> None:
    (tmp_path / "mobilenet_v2_0.5.h5").write_bytes(b"")
    space = Transfer((64, 64, 3), 2, str(tmp_path))
    assert space.backbones == ["mobilenet_v2_0.5"]
    assert [preset["backbone"] for preset in space.presets().values()] == ["mobilenet_v2_0.5"]
    model = Transfer((64, 64, 3), 2).build(fixed_hyperparameters(values("mobilenet_v2_0.5", 64)))
    with pytest.raises(ValueError, match=r"weights of mobilenet_v2_0.5 cannot be loaded from .*h5"):
        space.warm_start(model, values("mobilenet_v2_0.5", 64))


def test_a_failed_download_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_args: Any) -> None:
        raise OSError("URL fetch failure")

    monkeypatch.setattr(transfer, "make_backbone", offline)
    space = Transfer((64, 64, 3), 2, "imagenet")
    model = space.build(fixed_hyperparameters(values("mobilenet_0.25", 64)))
    with pytest.raises(ValueError, match=r"from imagenet \(URL fetch failure\); give a folder"):
        space.warm_start(model, values("mobilenet_0.25", 64))


def test_settings_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no weights: write imagenet, or a folder"):
        Transfer((64, 64, 3), 2, str(tmp_path))
    with pytest.raises(ValueError, match="take RGB, got 1 channels"):
        Transfer((64, 64, 1), 2)
    with pytest.raises(SpaceError, match="nasbench201 starts from no weights: leave :x out"):
        load_space("nasbench201:x", input_shape=(32, 32, 3), classes=2)
