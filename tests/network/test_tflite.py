"""The TFLite reader: real small files, and files that are none."""

import random
from pathlib import Path

import pytest

from nas.edgetpu.estimator import Estimator
from nas.errors import UserError
from nas.network.tflite import parse_network, read_network
from tests.edgetpu.shared_data import EDGETPU, needs_shared_data

DATA = Path(__file__).parents[1] / "data"
INT8 = DATA / "convolutional_int8.tflite"


def test_operators_shapes_and_macs_of_a_real_file() -> None:
    network = read_network(INT8)
    assert [operator.type for operator in network.operators] == [
        "CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "ADD", "MAX_POOL_2D", "MEAN",
        "FULLY_CONNECTED", "SOFTMAX",
    ]  # fmt: skip
    assert [operator.macs for operator in network.operators] == [
        8 * 8 * 8 * 27, 8 * 8 * 8 * 9, 8 * 8 * 8 * 8, 0, 0, 0, 8 * 4, 0,
    ]  # fmt: skip
    assert network.inputs[0].shape == (1, 16, 16, 3)
    assert network.outputs[0].shape == (1, 4)
    assert network.file_bytes == INT8.stat().st_size


def test_attributes_dtypes_and_scales_of_a_real_file() -> None:
    first, _, _, _, pool, mean, dense, _ = read_network(INT8).operators
    assert first.version == 3
    assert first.attributes["stride"] == (2, 2)
    assert first.attributes["dilation"] == (1, 1)
    assert first.attributes["padding"] == "SAME"
    assert first.attributes["activation"] == "RELU"
    assert first.weights.scales == 8
    assert first.constants[1].dtype == "int32"
    assert pool.attributes["kernel"] == (2, 2)
    assert mean.attributes["axes"] == (1, 2)
    assert dense.weights.scales == 1
    assert dense.attributes["zero_bias"] is True
    assert first.outputs[0].dtype == "int8"
    assert not first.outputs[0].is_dynamic


def test_a_free_batch_is_marked_and_counted_as_one() -> None:
    network = read_network(DATA / "convolutional_dynamic_batch.tflite")
    assert network.inputs[0].is_batch_dynamic
    assert network.inputs[0].shape == (1, 16, 16, 3)
    assert network.macs == read_network(INT8).macs


def test_float_models_are_read_too() -> None:
    network = read_network(DATA / "convolutional_float.tflite")
    assert network.operators[0].outputs[0].dtype == "float32"
    assert network.operators[0].outputs[0].scales == 0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a TFLite file .found an empty file"),
        (b"hello world", "11 bytes without its mark TFL3"),
        (b"\x1c\0\0\0TFL3", "broken or truncated"),
        (b"\xff\xff\xff\xffTFL3" + bytes(100), "broken or truncated"),
        (b"\x08\0\0\0TFL3" + bytes(100), "holds no subgraph"),
    ],
)
def test_a_file_that_is_no_model_is_told_in_one_line(
    tmp_path: Path, data: bytes, message: str
) -> None:
    path = tmp_path / "broken.tflite"
    path.write_bytes(data)
    with pytest.raises(UserError, match=f"broken.tflite: .*{message}") as caught:
        read_network(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent\.tflite: no such file"):
        read_network(tmp_path / "absent.tflite")
    with pytest.raises(UserError, match="not a regular file"):
        read_network(tmp_path)


def test_every_damaged_file_gives_an_estimate_or_one_line() -> None:
    whole = INT8.read_bytes()
    generator = random.Random(0)  # noqa: S311 - not cryptography
    outcomes = {True: 0, False: 0}
    for trial in range(400):
        outcomes[_is_readable(_damage(whole, generator, truncate=trial % 4 == 0))] += 1
    assert min(outcomes.values()) > 40


def _damage(whole: bytes, generator: random.Random, truncate: bool) -> bytes:
    if truncate:
        return whole[: generator.randrange(len(whole))]
    data = bytearray(whole)
    for _ in range(generator.choice((1, 2, 8))):
        place = generator.randrange(8, len(data) - 4)
        data[place : place + 4] = generator.choice((b"\xff\xff\xff\x7f", b"\xff" * 4, b"\0\0\0\1"))
    return bytes(data)


def _is_readable(data: bytes) -> bool:
    try:
        Estimator().estimate(parse_network(data))
    except UserError as error:
        assert "\n" not in str(error)
        return False
    return True


@needs_shared_data
def test_a_compiled_model_is_refused_with_the_remedy() -> None:
    with pytest.raises(UserError, match=r"already compiled for the Edge TPU; give the \.tflite"):
        read_network(EDGETPU / "models" / "LibrEdgeTPU__dense_256_edgetpu.tflite")
