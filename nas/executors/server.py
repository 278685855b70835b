"""What the server that workers are forked from has loaded: importing this module loads it."""

from nas.tensorflow_settings import load_tensorflow

load_tensorflow()

import nas.evaluation.pipeline  # noqa: E402, F401
