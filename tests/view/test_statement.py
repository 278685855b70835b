from nas.view.statement import counted, statements
from tests.view.candidates import candidate, configuration, trade_off


def test_synthetic_data_and_estimates_are_said_plainly() -> None:
    assert statements(configuration(), trade_off()) == [
        "The data pcb_synthetic is synthetic: this project drew it. "
        "Accuracies compare networks on it and say little about real recordings.",
        "Accuracy is that of the int8 network on 240 validation examples, after a training of "
        "up to 4 epochs. Its 95 % interval is that of the accuracy on the 300 test examples, which "
        "were not read.",
        "The latency of 4 candidates is an estimate for an Edge TPU at 500 MHz over usb3 with "
        "host desktop, with its 80 % interval; no device ran them.",
    ]


def test_a_mixed_front_is_warned_about() -> None:
    measured = candidate("b", 0.6, 2.0, 1, latency_source="device", latency_device="usb:1")
    records = [candidate("a", 0.5, 1.0, 1), measured]
    config = configuration(is_synthetic=False, data="parts", device="usb:1")
    assert statements(config, records)[0] == "The data is parts."
    assert statements(config, records)[-2:] == [
        "The latency of 1 candidate was measured on a device (usb:1), shown with its quartiles.",
        "Estimates and measurements share this front; compare them with care.",
    ]


def test_candidates_are_counted_by_status() -> None:
    assert counted(trade_off()) == "4 complete, 1 infeasible, 1 stopped, 1 failed"
    assert counted([]) == ""


def test_a_measured_energy_is_told_from_an_estimated_one() -> None:
    device = candidate("b", 0.6, 2.0, 1, energy_mj=1.0, energy_source="device")
    both = [candidate("a", 0.5, 1.0, 1, energy_mj=1.0, energy_source="estimate"), device]
    assert statements(configuration(), both)[-1] == (
        "The energy of 1 candidate was measured by a power sensor; that of the others is an "
        "estimate."
    )
    assert statements(configuration(), [device])[-1].endswith("by a power sensor.")
