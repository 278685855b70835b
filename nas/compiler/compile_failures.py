"""Why ``edgetpu_compiler`` did not compile a network, and what to do about it.

Each class has the compiler's own words as users reported them, in version 2 to 16. The words are
looked for in the order of the table: what names a cause comes before what only reports that
something failed.
"""

from dataclasses import dataclass
from typing import Literal

from nas.edgetpu.compilation import LARGE_ACTIVATIONS, NOT_QUANTIZED

Blame = Literal["model", "compiler"]

_ISSUES = "https://github.com/google-coral/edgetpu/issues"


@dataclass(frozen=True)
class Failure:
    """One way to fail.

    Attributes:
        name: Identifies the class in records.
        words: What the compiler prints, one of them; none where it prints nothing.
        meaning: What it means.
        remedy: What to do about it.
        source: Where it was seen.
        blame: ``model`` where another model would compile, ``compiler`` where the compiler itself
            failed and the next model may fail alike.
    """

    name: str
    words: tuple[str, ...]
    meaning: str
    remedy: str
    source: str
    blame: Blame = "model"

    @property
    def sentence(self) -> str:
        """Meaning and remedy in one line."""
        return f"{self.meaning}; {self.remedy}"


SPOKEN = (
    Failure(
        "newer_operator",
        ("Didn't find op for builtin opcode", "Op builtin_code out of range"),
        "the file holds an operator, or a version of one, newer than TensorFlow 2.5",
        "leave that operator out (grouped convolution and GELU are such), or convert with "
        "TensorFlow 2.5",
        f"{_ISSUES}/631, 845, 879",
    ),
    Failure(
        "not_quantized",
        (NOT_QUANTIZED,),
        "a tensor is not int8, or the batch is dynamic",
        "convert with a representative dataset, TFLITE_BUILTINS_INT8 and a fixed batch of 1",
        f"{_ISSUES}/168, 313",
    ),
    Failure(
        "not_a_model",
        ("Model could not be parsed", "Invalid model"),
        "the compiler cannot read the file",
        "check that it is a whole .tflite file written by TensorFlow's converter",
        f"{_ISSUES}/79, 879",
    ),
    Failure(
        "dynamic_shape",
        ("dynamic-sized tensors",),
        "a tensor's shape is not known before the first inference",
        "convert a concrete function with a fixed input shape, batch 1",
        f"{_ISSUES}/829",
    ),
    Failure(
        "custom_operator",
        ("unresolved custom op",),
        "the file holds an operator that is not TFLite's own",
        "end the network before that operator and compute it on the host",
        "https://www.tensorflow.org/lite/guide/ops_custom",
    ),
    Failure(
        "interpreter",
        ("Model failed in Tflite interpreter",),
        "the interpreter inside the compiler refuses the model",
        "run the .tflite on the host first; a quantization scale that is zero or infinite is "
        "often the cause: train longer or show the converter more examples",
        f"{_ISSUES}/453",
    ),
    Failure(
        "large_activations",
        (LARGE_ACTIVATIONS,),
        "the activations do not fit the chip's memory",
        "try another input size (a larger one may do), fewer channels where branches are kept "
        "alive, or compile with search_delegate",
        f"{_ISSUES}/449, 653",
    ),
    Failure(
        "compiler_timeout",
        ("Compilation timeout",),
        "the compiler gave up after its own time limit, usually over large activations",
        "raise the time limit, or make the input smaller",
        f"{_ISSUES}/686",
    ),
    Failure(
        "internal_error",
        ("Internal compiler error", "Internal error"),
        "the compiler failed without a reason",
        "compile again, the same file may pass; if not, look for a convolution or pool over a "
        "tensor that is all zero, an infinite quantization scale, or a very large input",
        f"{_ISSUES}/157, 211, 350",
    ),
    Failure(
        "crash",
        ("terminating with uncaught exception", "Segmentation fault", "core dumped"),
        "the compiler crashed on the model",
        "compile with search_delegate, or change the network around its newest operators",
        f"{_ISSUES}/482, 728, 811",
        "compiler",
    ),
    Failure(
        "no_reason",
        ("Compilation failed", "Try to compile segment"),
        "the compiler refused the model without a reason",
        "compile with search_delegate, and compare the operators with docs/supported_operators.md",
        f"{_ISSUES}/800, 903",
    ),
)  # fmt: skip
"""What the compiler says itself."""

NOTHING_MAPPED = Failure(
    "nothing_mapped",
    (),
    "the compiler reports success, but no operator runs on the Edge TPU",
    "see the status of the first operators; a minimum runtime version below 13 also does it",
    f"{_ISSUES}/225, 358",
)
TIME_LIMIT = Failure(
    "time_limit",
    (),
    "the compiler did not end within the time limit and was stopped",
    "raise the limit, or make the input smaller",
    f"{_ISSUES}/270",
)
KILLED = Failure(
    "killed",
    (),
    "the compiler was ended by a signal",
    "see whether memory ran out (journalctl -k), and compile with fewer workers",
    "https://man7.org/linux/man-pages/man7/signal.7.html",
    "compiler",
)
UNKNOWN = Failure(
    "unknown",
    (),
    "the compiler failed, or wrote no file, without words that are known",
    "run it by hand on the .tflite and read all that it prints",
    f"{_ISSUES}/903",
    "compiler",
)
UNREADABLE_FILE = Failure(
    "unreadable_file",
    (),
    "the compiler wrote a file that holds no Edge TPU program",
    "see whether the disk is full, and that the program is Google's edgetpu_compiler",
    f"{_ISSUES}/225",
    "compiler",
)

FAILURES = (*SPOKEN, NOTHING_MAPPED, TIME_LIMIT, KILLED, UNKNOWN, UNREADABLE_FILE)
"""Every class; names are unique."""


def classify(text: str) -> Failure | None:
    """Find the class that the compiler's words name.

    Args:
        text: All that it printed.

    Returns:
        The first class of the table whose words appear, or ``None``.
    """
    return next((each for each in SPOKEN if any(word in text for word in each.words)), None)
