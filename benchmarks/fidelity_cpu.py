"""The host's CPU against Coral's benchmark page, each network left out of the fit in turn."""

import numpy as np

from benchmarks.fidelity_data import CORAL, read_rows
from benchmarks.fidelity_score import Score, Values, score
from benchmarks.fidelity_zoo import network
from nas.edgetpu.host import HOSTS, Host, HostName
from nas.network.network import Network

COLUMNS: dict[HostName, str] = {"desktop": "desktop_cpu_ms", "a53": "cortex_a53_ms"}


def work(net: Network) -> list[float]:
    """10⁹ multiply-accumulates and 10⁶ elements written: what the host model counts."""
    written = sum(tensor.elements for operator in net.operators for tensor in operator.outputs)
    return [net.macs / 1e9, written / 1e6]


def fit_host(features: Values, measured: Values) -> Values:
    """Fit the two rates of a host to relative errors, neither below zero.

    Args:
        features: Shape (networks, 2).
        measured: Milliseconds, shape (networks,).
    """
    design = features / measured[:, None]
    rates: Values = np.linalg.lstsq(design, np.ones(len(measured)), rcond=None)[0]
    if rates.min() < 0:
        alone = [float(column.sum() / (column @ column)) for column in design.T]
        rates = np.diag(alone)[int(rates.argmax())]
    return rates


def cpu_errors() -> dict[str, dict[str, Score]]:
    """Score each host: as shipped, and every network with rates fitted on the others."""
    rows = read_rows("coral_benchmarks")
    features = np.array([work(network(CORAL[row["model"]])) for row in rows])
    results: dict[str, dict[str, Score]] = {}
    for name, column in COLUMNS.items():
        measured = np.array([float(row[column]) for row in rows])
        results[name] = {
            "package": score(features @ _rates(HOSTS[name]), measured),
            "left_out": score(_left_out(features, measured), measured),
        }
    return results


def _rates(host: Host) -> Values:
    return np.array([host.ms_per_gmac, host.ms_per_million_elements])


def _left_out(features: Values, measured: Values) -> Values:
    predicted = np.empty(len(measured))
    for place in range(len(measured)):
        others = np.arange(len(measured)) != place
        predicted[place] = features[place] @ fit_host(features[others], measured[others])
    return predicted
