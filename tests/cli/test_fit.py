from __future__ import annotations

import json
import struct

import pytest

from edgevision.app.advice import Weights
from edgevision.app.fit import Fitted
from edgevision.cli.fit import _advice, _nothing_fits, _words
from edgevision.cli.plot import check_plot, draw_plot
from edgevision.cli.scatter import scatter
from edgevision.errors import ExtraError, OutputError, WrittenError
from edgevision.evaluation.fit import Timed, Times, pareto

DEVICE = {
    "cpu": "a chip",
    "cores": 4,
    "runtime": "litert 2.0",
    "threads": 2,
    "xnnpack": True,
    "governor": "ondemand",
    "heat": "61 °C",
    "load_average": 0.1,
    "inferences": 30,
    "warnings": ["85 °C; give the board a fan"],
}


def row(family, alpha, resolution, ms, top1, **fields):
    times = Times(ms, ms * 1.2, 30)
    name = fields.pop("id", f"{family}_{alpha}_{resolution}")
    mb = fields.pop("mb", 4 * alpha)
    return Timed(name, family, alpha, resolution, times, mb, 10**8, 10**6, top1, **fields)


ROWS = (
    row("mobilenet_v1", 0.25, 128, 1.0, 41.5),
    row("mobilenet_v1", 1.0, 224, 8.0, 70.9),
    row("mobilenet_v2", 1.0, 224, 9.0, 71.8),
    row("mobilenet_v2", 0.25, 224, 5.0, None),
    row("mobilenet_v2", 0.5, 224, 8.5, 65.4),
    row(
        *("efficientnet_lite0", 1.0, 224, 10.0, 75.1),
        id="efficientnet_lite0",
        trained="efficientnet_lite0",
        measured_top1=79.6,
    ),
)
FITTED = Fitted(ROWS, DEVICE)


def test_fit_times_the_whole_grid_draws_it_and_says_what_is_best(edgevision, tmp_path):
    done = edgevision(
        *("fit", "--budget-ms", "60000", "--budget-mb", "4", "--seconds", "1", "--threads", "2"),
        *("--json", "--plot", "fit.png"),
    )

    assert done.code == 0, done.err
    found = json.loads(done.out)
    grid = [one for one in found["grid"] if not one["trained"]]
    assert len(grid) == 32
    assert {one["trained"] for one in found["grid"]} == {True, False}
    keys = {"id", "family", "alpha", "resolution", "ms", "p95_ms", "mb", "mult_adds", "params"}
    assert all(keys | {"top1", "source", "trained"} <= set(one) for one in found["grid"])
    assert all(0 < one["ms"] <= one["p95_ms"] for one in found["grid"])
    assert all(bool(one["source"]) is (one["top1"] is not None) for one in grid)
    by_id = {one["id"]: one for one in found["grid"]}
    assert by_id["mobilenet_v1_1.0_224"]["mult_adds"] == pytest.approx(569e6, rel=0.002)
    within = [one for one in found["grid"] if one["mb"] <= 4 and one["top1"] is not None]
    assert found["best"]["top1"] == max(one["top1"] for one in within)
    assert found["best"]["mb"] <= 4
    assert found["weights"]["commands"]
    assert {one["id"] for one in found["pareto"]} <= set(by_id)
    assert (found["device"]["threads"], found["interrupted"]) == (2, False)
    picture = (tmp_path / "fit.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert struct.unpack(">II", picture[16:24]) > (1000, 600)
    trained = {"efficientnet_lite0", "efficientnet_lite2", "mobilenet_v2"}
    # Its times of trained networks serve `run` at once.
    settings = ("--source", "synthetic:", "--max-frames", "3", "--threads", "2")
    ran = edgevision("run", "--budget-ms", "60000", "--json", *settings)
    assert ran.code == 0, ran.err
    assert "timing" not in ran.err
    assert found["best_trained"]["model"] in trained
    # It has no limit of megabytes.
    assert json.loads(ran.out.splitlines()[-1])["model"] in trained


def test_a_budget_that_nothing_keeps_is_one_line(edgevision):
    done = edgevision("fit", "--budget-ms", "0.001", "--seconds", "1")
    assert "the fastest is mobilenet_v" in done.refused()
    assert "Pareto front" in done.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--budget-ms", "0"], "--budget-ms"),
        (["--budget-ms", "-3"], "expected a number over 0"),
        (["--budget-ms", "nan"], "expected a number over 0"),
        (["--budget-mb", "0"], "--budget-mb"),
        (["--budget-mb", "inf"], "expected a number over 0"),
        (["--threads", "0"], "--threads"),
        (["--seconds", "0"], "--seconds"),
        (["--plot", "fit.bmp"], "fit.bmp: plots are written as .png or .svg"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_timed(edgevision, arguments, says):
    assert says in edgevision("fit", *arguments).refused()


def test_a_plot_into_no_folder_is_refused_before_anything_is_timed(edgevision):
    assert "there is no folder" in edgevision("fit", "--plot", "no/fit.png").refused(3)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--budget-ms", "0"], "--budget-ms"),
        (["--budget-ms", "-1"], "--budget-ms"),
        (["--budget-ms", "5", "--model", "mobilenet_v2"], "--budget-ms"),
        (["--budget-ms", "5", "--resolution", "160"], "--budget-ms"),
        (["--budget-ms", "0.0001"], "the fastest is"),
        (["--resolution", "100"], "--resolution"),
    ],
)
def test_run_refuses_budgets_that_cannot_be(edgevision, arguments, says):
    source = ("--source", "synthetic:", "--max-frames", "3")
    done = edgevision("run", *source, *arguments, EDGEVISION_LOG__LEVEL="warning")
    assert says in done.refused()


def test_run_keeps_to_a_resolution(edgevision):
    source = ("--source", "synthetic:", "--max-frames", "3", "--model", "mobilenet_v2")
    done = edgevision("run", *source, "--resolution", "128", "--json")
    assert done.code == 0, done.err


def test_the_words_show_front_trained_and_warnings():
    text = "\n".join(_words(FITTED, 9.0))
    front = text.partition("Pareto front")[2].partition("top-1, %")[0]
    assert "mobilenet_v1_1.0_224" in front
    assert "mobilenet_v2_0.5_224" not in front, "another one is faster and better"
    assert "mobilenet_v2_0.25_224" not in text, "nothing was published of it"
    assert "! 85 °C; give the board a fan" in text
    assert "governor: ondemand" in text
    assert "┊" in text
    trained = text.partition("Trained networks here")[2]
    assert "79.6" in trained


def advice(weights, budget_ms=10.0, budget_mb=None):
    best = FITTED.best(budget_ms, budget_mb)
    return "\n".join(_advice(FITTED, best, weights, budget_ms, budget_mb))


def test_the_best_is_said_with_its_reason_and_how_to_use_it():
    best = FITTED.best(10.0, None)
    assert best.id == "mobilenet_v1_1.0_224", "of V2's inferences too many take over 10 ms"

    text = advice(Weights(best, "some_id", here=False, resized=False))
    assert "best: mobilenet_v1_1.0_224, 70.9 %" in text
    assert "the most accurate of the 2 within 10 ms" in text
    assert "edgevision models pull some_id && edgevision run --model some_id" in text
    assert "none in the registry for it; the next that fits is mobilenet_v1_0.25_128" in advice(
        Weights(ROWS[0], "small", here=True, resized=False)
    )
    assert "trained ones for none" in advice(None)
    assert "trained and here: efficientnet_lite0, measured 79.6 %" in advice(None, budget_ms=12.0)


def test_when_nothing_fits_the_fastest_and_the_smallest_are_named():
    assert FITTED.best(0.5, None) is None
    words = _nothing_fits(FITTED, 0.5, None)
    assert "within 0.5 ms: the fastest is mobilenet_v1_0.25_128 (1.20 ms" in words
    assert "the smallest mobilenet_v1_0.25_128 (1.00 MB)" in _nothing_fits(FITTED, None, 0.1)


def test_points_lie_where_their_axes_say():
    lines = scatter([(1.0, 40.0, "a"), (10.0, 60.0, "b"), (100.0, 80.0, "c")], "ms", "%", 50.0)
    rows = {
        letter: number for number, line in enumerate(lines) for letter in "abc" if letter in line
    }
    columns = {letter: lines[rows[letter]].index(letter) for letter in "abc"}
    assert rows["c"] < rows["b"] < rows["a"]
    assert abs((columns["b"] - columns["a"]) - (columns["c"] - columns["b"])) <= 1, "logarithmic"
    assert all("┊" in line for line in lines[1:17] if "c" not in line)
    ticks = lines[-2]
    assert ticks[columns["b"]] == "┬"
    assert lines[-1].index("10 ") == columns["b"]
    assert "60 ┤" in lines[rows["b"]]


@pytest.mark.parametrize("points", [[(1.0, 40.0, "a")], [(3.0, 70.0, "a"), (3.01, 70.1, "b")]])
def test_few_or_close_points_are_drawn_too(points):
    lines = scatter(points, "ms", "%")
    assert any(points[-1][2] in line for line in lines[1:-2])


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_picture_is_the_same_for_the_same_figures(tmp_path, ending):
    paths = [tmp_path / f"{name}.{ending}" for name in ("one", "other", "without")]
    for path, budget in zip(paths, (5.0, 5.0, None), strict=True):
        check_plot(path)
        draw_plot(path, ROWS, pareto(ROWS), title="a board", budget_ms=budget)
    one, other, without = (path.read_bytes() for path in paths)
    assert one == other
    assert one != without
    if ending == "svg":
        assert b"<!-- budget 5 ms -->" in one
        assert b"budget" not in without
        assert b"<!-- V1 1.0-224 -->" in one
        assert b"<!-- V2 0.5-224 -->" not in one, "not on the front"


def test_a_picture_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "fit.png").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        draw_plot(tmp_path / "fit.png", ROWS, pareto(ROWS), title="")
    with pytest.raises(WrittenError, match=r"\.png or \.svg"):
        check_plot(tmp_path / "fit")


def test_without_matplotlib_it_says_how_to_install_it(edgevision, tmp_path):
    # A module of that name in front of the real one, as if its own packages were missing.
    (tmp_path / "matplotlib").mkdir()
    text = "raise ModuleNotFoundError('No module named matplotlib', name='matplotlib')\n"
    (tmp_path / "matplotlib" / "__init__.py").write_text(text)
    done = edgevision("fit", "--plot", "fit.png", PYTHONPATH=str(tmp_path))
    assert "pip install 'edgevision[plot]'" in done.refused()
    assert issubclass(ExtraError, WrittenError)
