"""Networks of keras.applications: the same layers, weights and preprocessing, once."""

from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from nas.candidates.hyperparameters import fixed_hyperparameters
from nas.candidates.reading import read_candidate
from nas.edgetpu.estimator import Estimator
from nas.evaluation.quantization import quantize
from nas.evaluation.training import outputs_logits
from nas.network.tflite import parse_network
from search_spaces import SpaceError, backbones, load_space, presets, warm_start
from search_spaces.backbones import BACKBONES, make_backbone, read_blueprint, repeated
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
    make_backbone(name, 96).save_weights(tmp_path / f"{name}.weights.h5")
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
    assert read_candidate(space, fixed_hyperparameters(values("mobilenet_v2_0.5", 64))).network
    with pytest.raises(ValueError, match=r"weights of mobilenet_v2_0.5 cannot be loaded from .*h5"):
        space.build(fixed_hyperparameters(values("mobilenet_v2_0.5", 64)))


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    make_backbone("mobilenet_0.25", 32).save_weights(tmp_path / "mobilenet_0.5.weights.h5")
    space = Transfer((32, 32, 3), 2, str(tmp_path))
    with pytest.raises(ValueError, match=r"mobilenet_0.5.weights.h5 \(layer conv1 needs"):
        space.build(fixed_hyperparameters(values("mobilenet_0.5", 32)))


def test_a_failed_download_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    read_blueprint("mobilenet_0.25")

    def offline(*_args: Any) -> None:
        raise OSError("URL fetch failure")

    monkeypatch.setattr(backbones, "make_backbone", offline)
    space = Transfer((64, 64, 3), 2, "imagenet")
    with pytest.raises(ValueError, match=r"from imagenet \(URL fetch failure\); give a folder"):
        space.build(fixed_hyperparameters(values("mobilenet_0.25", 64)))


def test_initial_weights_follow_the_seed() -> None:
    space = Transfer((32, 32, 3), 2)

    def built(seed: int) -> list[Any]:
        keras.utils.set_random_seed(seed)
        model = space.build(fixed_hyperparameters(values("mobilenet_0.25", 32)))
        return [each for each in model.get_weights() if each.ndim == 4]

    for one, same, other in zip(built(0), built(0), built(1), strict=True):
        np.testing.assert_array_equal(one, same)
        assert (one != other).any()


# --- copies of a block ----------------------------------------------------------------------


def test_copies_follow_the_last_residual_block() -> None:
    blueprint = read_blueprint("mobilenet_v2_0.35")
    block = blueprint.block_of(blueprint.steps)
    assert block is not None
    kinds = [step.kind for step in blueprint.steps[slice(*block)]]
    assert (kinds[0], kinds[-1], kinds.count("Conv2D")) == ("Conv2D", "Add", 2)
    steps = repeated(blueprint.steps, block, 2)
    start, end = block
    length = end - start
    assert [step.kind for step in steps[start : end + 2 * length]] == 3 * kinds
    # A copy reads what the one before it made, and its sum adds that.
    assert steps[end].sources == (end,)
    assert steps[end + length - 1].sources == (end, end + length - 1)
    assert steps[end + 2 * length].sources == (end + 2 * length,)
    assert repeated(blueprint.steps, block, 0) == blueprint.steps


def test_every_copy_adds_the_block_s_parameters() -> None:
    counts = [read("mobilenet_v2_0.35", 64, copies=copies).parameters for copies in (0, 1, 2, 4)]
    one = counts[1] - counts[0]
    assert one > 0
    assert [count - counts[0] for count in counts] == [0, one, 2 * one, 4 * one]


def test_what_has_no_block_is_not_asked_for_copies() -> None:
    reading = read("densenet121")
    assert "copies" not in reading.hyperparameters
    assert "copies" in read("resnet50_v2").hyperparameters


@pytest.mark.parametrize("suffix", [".weights.h5", ".h5"])
def test_copies_begin_with_the_block_s_weights_and_learn_from_the_start(
    tmp_path: Path, suffix: str
) -> None:
    name, side = "mobilenet_0.25", 32
    own = with_random_weights(name, side)
    write = own.save_weights if suffix == ".weights.h5" else _published(own)
    write(tmp_path / f"{name}{suffix}")
    space = Transfer((side, side, 3), 2, str(tmp_path))
    chosen = values(name, side, copies=2)
    model = space.build(fixed_hyperparameters(chosen))
    kernels = [layer for layer in model.layers if layer.name.endswith("_conv2d")][-3:]
    assert len({layer.get_weights()[0].tobytes() for layer in kernels}) == 1
    np.testing.assert_array_equal(kernels[0].get_weights()[0], own.layers[-3].get_weights()[0])
    frozen = warm_start(space, model, chosen)
    assert [layer.name in frozen for layer in kernels] == [True, False, False]
    assert dict(presets(space))[name.replace("_", "-")]["copies"] == 0


def _published(model: Any) -> Any:
    """Return what writes weights as ``keras.applications`` publishes them."""
    from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

    def write(path: Path) -> None:
        with h5py.File(path, "w") as file:
            save_weights_to_hdf5_group(file, model)

    return write


def test_settings_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no weights: write imagenet, or a folder"):
        Transfer((64, 64, 3), 2, str(tmp_path))
    with pytest.raises(ValueError, match="take RGB, got 1 channels"):
        Transfer((64, 64, 1), 2)
    with pytest.raises(SpaceError, match="nasbench201 starts from no weights: leave :x out"):
        load_space("nasbench201:x", input_shape=(32, 32, 3), classes=2)
