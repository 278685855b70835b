from pathlib import Path

from PIL import Image

from nas.view.sweep_figure import draw_sweep, sweep_figure
from tests.sweeping.steps import step
from tests.view.candidates import HOSTILE
from tests.view.sweeps import made_up_sweep, with_steps


def test_latency_is_drawn_where_it_is() -> None:
    tpu, cpu, *_ = sweep_figure(made_up_sweep(count=6)).axes[0].lines
    assert [round(float(y), 2) for y in tpu.get_ydata()] == [2.0, 2.05, 2.1, 2.15, 4.2, 4.25]
    assert set(cpu.get_ydata()) == {50.0}


def test_cliffs_are_named_at_the_last_good_value() -> None:
    (text,) = sweep_figure(made_up_sweep()).axes[0].texts
    assert text.get_text() == "parameters spill, last good 3"
    assert text.xy[0] == 3


def test_only_causes_that_occur_are_drawn() -> None:
    legend = sweep_figure(made_up_sweep()).axes[1].get_legend()
    assert [each.get_text() for each in legend.get_texts()] == ["computing", "streamed parameters"]


def test_accuracy_is_drawn_where_it_was_measured() -> None:
    steps = [step(n, 100 + n, computing=2.0).trained(0.5 + n / 10, 0.4, 0.8) for n in range(3)]
    figure = sweep_figure(with_steps(made_up_sweep(), *steps))
    assert list(figure.axes[3].lines[0].get_ydata()) == [50.0, 60.0, 70.0]
    assert len(sweep_figure(made_up_sweep()).axes) == 3


def test_any_name_can_be_drawn(tmp_path: Path) -> None:
    name = " ".join(HOSTILE[:5])
    draw_sweep(tmp_path / "sweep.png", made_up_sweep(name, layer=name))
    with Image.open(tmp_path / "sweep.png") as image:
        assert image.size[0] == 1680
    assert [each.name for each in tmp_path.iterdir()] == ["sweep.png"]
