"""Settings that TensorFlow reads when it is imported."""

import os


def quiet_tensorflow() -> None:
    """Keep TensorFlow's start-up notes off the terminal; call before the first import."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
