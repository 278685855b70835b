"""The command ``python -m nas.sweep``."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers
from PIL import Image

from nas.command import EXIT_DONE, EXIT_INTERRUPTED
from nas.errors import UserError
from nas.subject import open_candidate
from nas.sweep import main
from tests.adjustment.models import residual
from tests.data_room.signals import sensor_rows
from tests.sweeping.bench import Bench

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("models") / "tiny.keras"
    residual().save(path)
    return str(path)


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main([*words, "--json"]) == EXIT_DONE
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


def test_a_keras_file_is_made_deeper(capsys: pytest.CaptureFixture[str], model_file: str) -> None:
    value = _json(capsys, model_file, "--adjust", "depth", "--values", "1,5")
    assert (value["model"], value["layer"], value["source"]) == ("tiny", "sum", "estimate")
    assert [each["value"] for each in value["steps"]] == [0, 1, 5]
    parameters = [each["parameters"] for each in value["steps"]]
    assert parameters[2] - parameters[0] == 5 * (parameters[1] - parameters[0])
    assert value["steps"][0]["symmetry"] is None
    assert value["steps"][1]["cpu_symmetry"] is not None
    verdicts = {each["verdict"] for each in value["recommendations"]}
    assert verdicts <= {"confirmed", "contradicted", "not testable here"}
    assert len(value["recommendations"]) == 5


@pytest.mark.parametrize(
    ("words", "adjustment", "count"),
    [
        pytest.param(("width",), "width", 49, marks=pytest.mark.slow),
        (("width", "--by", "columns"), "columns", 12),
        (("input",), "image", 13),
        (("input", "--by", "vector"), "vector", 8),
        (("classes",), "classes", 14),
    ],
)
def test_ranges_without_further_options(
    capsys: pytest.CaptureFixture[str], model_file: str, words: tuple[str, ...], adjustment: str,
    count: int,
) -> None:  # fmt: skip
    value = _json(capsys, model_file, "--adjust", *words)
    assert (value["adjustment"], len(value["steps"])) == (adjustment, count)
    assert all(each["latency_ms"] > 0 for each in value["steps"])


@pytest.mark.slow
def test_a_preset_in_words_and_as_a_picture(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    picture = tmp_path / "sweep.png"
    words = ["--space", "xception_lite", "--preset", "xception-lite", "--set", "middle_depth=1"]
    assert main([*words, "--adjust", "classes", "--picture", str(picture)]) == EXIT_DONE
    text = " ".join(capsys.readouterr().out.split())
    assert text.startswith("xception-lite: classes, 13 steps")
    assert "Symmetry, relative latency over relative parameters" in text
    assert text.count("not testable here:") + text.count("confirmed:") >= 1
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert [each.name for each in tmp_path.iterdir()] == ["sweep.png"]
    with Image.open(picture) as image:
        assert image.size[0] == 1680


def test_ctrl_c_shows_what_was_costed(
    capsys: pytest.CaptureFixture[str], model_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nas.sweeping.recommendation.check_recommendations", interrupted)
    words = [model_file, "--adjust", "depth", "--values", "1"]
    assert main([*words, "--json"]) == EXIT_INTERRUPTED
    captured = capsys.readouterr()
    value = json.loads(captured.out)
    assert (value["interrupted"], len(value["steps"]), value["recommendations"]) == (True, 2, [])
    assert "interrupted after 2 steps" in captured.err


@pytest.mark.slow
def test_a_device_measures_every_step(
    capsys: pytest.CaptureFixture[str], model_file: str, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    bench = Bench(len)
    monkeypatch.setattr("nas.bench.open_bench", lambda settings: (bench, [settings.device]))
    picture = tmp_path / "sweep.png"
    words = [model_file, "--adjust", "depth", "--values", "1,5", "--device", "usb"]
    value = _json(capsys, *words, "--picture", str(picture))
    assert value["source"] == "device"
    latencies = [each["latency_ms"] for each in value["steps"]]
    assert latencies == sorted(latencies)
    assert latencies[0] > 1000  # bytes of a file
    assert bench.is_closed
    assert picture.exists()
    assert main(words) == EXIT_DONE
    captured = capsys.readouterr()
    assert "usb" in captured.err.splitlines()
    assert "quartiles" in captured.out
    assert "recommendations are estimates" in " ".join(captured.out.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--adjust", "depth"], "give a .keras file, a name of keras.applications or --space"),
        (["x", "--space", "y", "--adjust", "depth"], "give a .keras file"),
        (["Nothing", "--adjust", "depth"], "'Nothing' is no .keras file and none of .*MobileNet"),
        (["absent.keras", "--adjust", "depth"], "absent.keras: there is no such file"),
        (["x", "--preset", "a", "--adjust", "depth"], "they need --space NAME"),
        (["--space", "nothing", "--adjust", "depth"], "unknown space 'nothing'"),
        (["--space", "xception_lite", "--preset", "a", "--adjust", "depth"], "has xception, "),
        (["--space", "xception_lite", "--set", "a=1", "--adjust", "depth"], "no active"),
        (
            ["x", "--adjust", "depth", "--by", "columns"],
            "--by columns is no form of --adjust depth",
        ),
        (["x.keras", "--adjust", "depth", "--classes", "5"], "has its own input and classes"),
        (["x", "--adjust", "depth", "--epochs", "5"], "--epochs is for training: add --train"),
        (["x", "--adjust", "classes", "--train"], "the classes are the data's"),
        (["x", "--adjust", "depth", "--picture", "a.svg"], "must end in .png"),
        (["x", "--adjust", "depth", "--picture", "absent/a.png"], "there is no folder absent"),
        (["MobileNet", "--adjust", "depth", "--image-size", "8"], "MobileNet at 8 pixels"),
        (["x", "--adjust", "depth", "--device", "tpu"], "tpu"),
    ],
)
def test_a_mistake_is_told(words: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        main(words)


@pytest.mark.parametrize(
    ("layer", "adjust", "message"),
    [
        ("stem", "depth", "`stem`: no block"),
        ("head", "width", "`head`: its width is fixed by the network's output"),
        ("stem", "classes", "--layer stem: classes is no adjustment of a layer"),
    ],
)
def test_a_layer_that_cannot_be_adjusted_is_told(
    model_file: str, layer: str, adjust: str, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        main([model_file, "--adjust", adjust, "--layer", layer])


@pytest.mark.parametrize("words", [[], ["x", "--adjust", "all"],
                                   ["x", "--adjust", "depth", "--values", "1,two"]])  # fmt: skip
def test_a_wrong_option_ends_with_status_2_and_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


# --- files that are no networks -------------------------------------------------------------


def _written(path: Path, config: str) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", config)
    return str(path)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("[" * 100_000, "cannot be read as a .keras file"),
        ("[]", "its config is no object"),
        ('{"module": "os", "class_name": "system", "config": {}}', "it needs os.system"),
        ('{"module": "keras.layers", "class_name": "Nothing", "config": {}}', "no Keras model"),
        (" " * (33 << 20), "that is not read"),
    ],
)
def test_a_file_that_is_no_network_is_refused(tmp_path: Path, config: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        main([_written(tmp_path / "bad.keras", config), "--adjust", "depth"])


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.keras"
    path.write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"cannot be read as a \.keras file"):
        main([str(path), "--adjust", "depth"])


def test_a_lambda_in_a_file_is_refused(tmp_path: Path) -> None:
    inputs = keras.Input((4, 4, 3))
    x = layers.Lambda(lambda x: x * 2)(inputs)
    path = tmp_path / "lambda.keras"
    keras.Model(inputs, layers.Dense(2)(layers.Flatten()(x))).save(path)
    with pytest.raises(UserError, match="no Keras model"):
        main([str(path), "--adjust", "classes"])


def test_a_file_that_asks_for_huge_weights_is_refused_before_they_are_made(tmp_path: Path) -> None:
    config = keras.Sequential([keras.Input((10,)), layers.Dense(7)]).to_json()
    path = _written(tmp_path / "huge.keras", config.replace('"units": 7', '"units": 2000000000'))
    with pytest.raises(UserError, match="22,000,000,000 parameters"):
        main([path, "--adjust", "classes"])


def test_weights_that_cannot_be_read_are_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "mobilenet_0.25.weights.h5").write_bytes(b"")
    subject = open_candidate(f"transfer:{tmp_path}", None, [], 32, 2)
    with pytest.raises(UserError, match=r"weights of mobilenet_0.25 cannot be loaded from .*h5"):
        subject.build()


# --- whole commands -------------------------------------------------------------------------


@pytest.mark.slow
def test_accuracy_of_a_few_steps(
    capsys: pytest.CaptureFixture[str], model_file: str, picture_folder: Path
) -> None:
    value = _json(
        capsys, model_file, "--adjust", "width", "--train", "--data", str(picture_folder),
        "--image-size", "16", "--epochs", "2", "--batch-size", "16", "--values", "2",
    )  # fmt: skip
    assert [each["value"] for each in value["steps"]] == [1, 2]
    assert all(0 <= each["accuracy"] <= 1 for each in value["steps"])


@pytest.mark.slow
def test_networks_of_signals_are_trained_on_signals(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    table = tmp_path / "sensors.csv"
    table.write_text("\n".join(sensor_rows()))
    words = ["--space", "spectrogram_mlp", "--adjust", "width", "--train", "--data", str(table)]
    value = _json(capsys, *words, "--epochs", "1", "--values", "2")
    assert all(0 <= each["accuracy"] <= 1 for each in value["steps"])
    with pytest.raises(UserError, match="holds signals: name a --space for them"):
        main(["MobileNet", *words[2:]])


@pytest.mark.slow
def test_a_published_network_spills_at_its_tenth_copy() -> None:
    command = [sys.executable, "-m", "nas.sweep", "MobileNetV2", "--adjust", "depth", "--json"]
    result = subprocess.run(
        [*command, "--values", "9,10"],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert result.returncode == 0
    assert result.stderr == ""
    value = json.loads(result.stdout)
    assert [each["mechanism"] for each in value["cliffs"]] == ["parameters spill"]
    assert value["cliffs"][0]["last_good"] == 9
