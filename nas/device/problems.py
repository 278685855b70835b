"""What can be wrong with an Edge TPU runtime, each with the exact command that mends it."""

from dataclasses import dataclass

from nas.compiler.compiler import ADD_CORAL_REPOSITORY

_UDEV = " ".join(
    f"'SUBSYSTEM==\"usb\", ATTR{{idVendor}}==\"{vendor}\", ATTR{{idProduct}}==\"{product}\", "
    "GROUP=\"plugdev\", MODE=\"0660\"'"
    for vendor, product in (("1a6e", "089a"), ("18d1", "9302"))
)  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        name: Identifies it.
        meaning: What is wrong.
        remedy: The command, or what to do by hand.
    """

    name: str
    meaning: str
    remedy: str

    @property
    def line(self) -> str:
        """One line for a person."""
        return f"{self.meaning}: {self.remedy}"


NO_INTERPRETER = Problem(
    "no_interpreter", "no TFLite interpreter is installed", "pip install ai-edge-litert"
)
BROKEN_INTERPRETER = Problem(
    "broken_interpreter", "the TFLite interpreter cannot be imported",
    "pip install --force-reinstall ai-edge-litert, or 'numpy<2' for tflite-runtime",
)  # fmt: skip
NO_LIBRARY = Problem(
    "no_library", "the Edge TPU library libedgetpu is missing",
    f"{ADD_CORAL_REPOSITORY}sudo apt-get install libedgetpu1-std",
)  # fmt: skip
NO_LIBUSB = Problem("no_libusb", "libedgetpu needs libusb-1.0", "sudo apt-get install libusb-1.0-0")
DAMAGED_LIBRARY = Problem(
    "damaged_library", "libedgetpu is damaged, or made for another processor",
    "sudo apt-get install --reinstall libedgetpu1-std",
)  # fmt: skip
NOT_LIBEDGETPU = Problem(
    "not_libedgetpu", "the library is not libedgetpu",
    "name another file, or sudo apt-get install --reinstall libedgetpu1-std",
)  # fmt: skip
MISMATCH = Problem(
    "mismatch", "libedgetpu crashes with this TFLite interpreter",
    "install a pair built from the same TensorFlow: "
    "https://github.com/feranick/libedgetpu/releases",
)  # fmt: skip
HANGS = Problem(
    "hangs", "the Edge TPU does not answer",
    "unplug the stick and plug it in again (reboot the host of a card)",
)  # fmt: skip
NO_DEVICE = Problem(
    "no_device", "no Edge TPU is attached",
    "plug it in, with the cable that came with it; lsusb -d 1a6e:089a or lsusb -d 18d1:9302 "
    "shows a stick, lspci -nn -d 1ac1:089a a card",
)  # fmt: skip
NO_SUCH_DEVICE = Problem(
    "no_such_device", "there are fewer Edge TPUs than the device's number asks for",
    "count from :0, as in usb:0",
)  # fmt: skip
NO_DRIVER = Problem(
    "no_driver", "the card is there, its driver is not",
    f"{ADD_CORAL_REPOSITORY}sudo apt-get install gasket-dkms && sudo modprobe apex",
)  # fmt: skip
NO_USB_PERMISSION = Problem(
    "no_usb_permission", "this user may not open the stick",
    f"printf '%s\\n' {_UDEV} | sudo tee /etc/udev/rules.d/99-edgetpu-accelerator.rules && "
    "sudo udevadm control --reload-rules && sudo udevadm trigger && "
    "sudo usermod -aG plugdev $USER; then log in again",
)  # fmt: skip
NO_PCI_PERMISSION = Problem(
    "no_pci_permission", "this user may not open the card",
    "sudo groupadd -f apex && echo 'SUBSYSTEM==\"apex\", MODE=\"0660\", GROUP=\"apex\"' | "
    "sudo tee /etc/udev/rules.d/65-apex.rules && sudo udevadm control --reload-rules && "
    "sudo udevadm trigger && sudo usermod -aG apex $USER; then log in again",
)  # fmt: skip
NO_FIRMWARE = Problem(
    "no_firmware", "the stick did not come back after its firmware was sent (still 1a6e:089a)",
    "unplug it, plug it in again, at best into a USB 3 port of the host itself",
)  # fmt: skip
REFUSED = Problem(
    "refused", "the Edge TPU is attached but cannot be opened",
    "end the other program that uses it (sudo fuser -v /dev/apex_* /dev/bus/usb/*/*), or unplug "
    "it and plug it in again",
)  # fmt: skip
OLD_RUNTIME = Problem(
    "old_runtime", "the model was compiled for a newer Edge TPU runtime",
    "sudo apt-get install libedgetpu1-std, or compile with a lower minimum runtime version",
)  # fmt: skip
MODEL_REFUSED = Problem(
    "model_refused", "the runtime is there, but the model does not run on it",
    "check that it is a whole *_edgetpu.tflite, and compile it again",
)  # fmt: skip
OTHER_PYCORAL = Problem(
    "other_pycoral", "the installed pycoral is the Allen Coral Atlas tool from PyPI, not Google's",
    "pip uninstall pycoral; nothing is needed in its place",
)  # fmt: skip
