import numpy as np

from nas.data.dataset import SPLITS, Dataset, Split


def test_split_sizes_follow_the_order_of_the_splits() -> None:
    sizes = (4, 3, 2, 1)
    train, validation, calibration, test = (
        Split(np.zeros((size, 8, 8, 3), dtype=np.uint8), np.zeros(size, dtype=np.int32))
        for size in sizes
    )
    dataset = Dataset("d", ("a", "b"), train, validation, calibration, test, fingerprint="f")
    assert list(dataset.split_sizes.items()) == list(zip(SPLITS, sizes, strict=True))
    assert dataset.input_shape == (8, 8, 3)
    assert not dataset.is_synthetic
