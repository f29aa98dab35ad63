from __future__ import annotations

import pytest

from edgevision.app.advice import weights_for
from edgevision.app.device import fingerprint, kept_times, place
from edgevision.app.fit import Grid, fit
from edgevision.config.schema import Settings
from edgevision.errors import OutputError
from edgevision.evaluation.fit import Timed, Times
from edgevision.zoo.families import network_of
from edgevision.zoo.published import top1
from edgevision.zoo.walk import read_network

SMALL = Grid(families=("mobilenet_v1", "mobilenet_v2"), alphas=(0.25,), resolutions=(128,))


@pytest.fixture
def settings(tmp_path):
    return Settings(models={"folder": str(tmp_path / "models")})


def test_the_grid_is_that_of_the_paper():
    cells = list(Grid().cells())
    assert len(cells) == len(set(cells)) == 32
    assert ("mobilenet_v1", 0.75, 192) in cells


def test_every_row_is_timed_and_counted(settings, environment, tmp_path):
    told = []

    fitted = fit(
        settings, environment, SMALL, seconds=0.01, keep=tmp_path / "kept", progress=told.append
    )

    by_id = {row.id: row for row in fitted.rows}
    one = by_id["mobilenet_v1_0.25_128"]
    network = network_of("mobilenet_v1", 0.25)
    assert (one.mult_adds, one.params) == (network.mult_adds(128), network.parameters)
    assert one.top1 == top1("mobilenet_v1", 0.25, 128).percent
    assert one.source.startswith("https://")
    assert by_id["mobilenet_v2_0.25_128"].top1 is None, "never published"
    assert all(0 < row.times.ms <= row.times.p95_ms for row in fitted.rows)
    assert told == sorted(told)
    # What was timed is kept, and is what the row says.
    written = read_network(tmp_path / "kept" / "mobilenet_v1_0.25_128_seeded.tflite")
    assert (written.mult_adds, written.bytes / 1e6) == (one.mult_adds, one.mb)
    assert fitted.device["inferences"] == one.times.inferences
    assert {"cpu", "cores", "runtime", "threads", "governor", "heat", "load_average"} <= set(
        fitted.device
    )


def test_trained_networks_are_beside_at_every_resolution_and_their_times_are_kept(
    settings, environment
):
    fitted = fit(settings, environment, SMALL, seconds=0.01)

    sides = {row.resolution for row in fitted.trained if row.trained == "mobilenet_v2"}
    assert sides == {224, 192, 160, 128}
    own = next(row for row in fitted.trained if row.id == "mobilenet_v2")
    assert own.top1 == pytest.approx(71.9, abs=0.1)
    assert own.measured_top1 == pytest.approx(77.3, abs=0.5)
    smaller = next(row for row in fitted.trained if row.id == "mobilenet_v2 at 128")
    assert smaller.top1 is None, "published for 224 only"
    assert smaller.mult_adds < own.mult_adds / 3
    kept = kept_times(place(environment), fingerprint(settings))
    assert sorted(kept.values(), key=repr) == sorted(
        (row.times for row in fitted.trained), key=repr
    )
    assert list(place(environment).parent.iterdir()) == [place(environment)], "files are deleted"


def test_an_interruption_keeps_what_there_is(settings, environment):
    def impatient(share):
        # Writing is a tenth; two rounds of the thirty-one are through a little after that.
        if share > 0.1 + 0.9 * 2.5 / 31:
            raise KeyboardInterrupt

    fitted = fit(settings, environment, SMALL, seconds=1e6, progress=impatient)

    assert fitted.interrupted
    assert fitted.device["inferences"] == 6
    assert kept_times(place(environment), fingerprint(settings)) == {}, "too few to be kept"

    def at_once(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(settings, environment, SMALL, seconds=60, progress=at_once)


def test_a_folder_that_cannot_be_written_to_is_one_line(settings, environment, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot be written .*--keep"):
        fit(settings, environment, SMALL, seconds=0.01, keep=tmp_path / "file" / "deep")


def row(family, alpha, resolution, percent, trained=None):
    times = Times(1, 1, 1)
    name = trained or f"{family}_{alpha}_{resolution}"
    return Timed(name, family, alpha, resolution, times, 1, 1, 1, percent, trained=trained)


@pytest.mark.parametrize(
    ("rows", "model", "command"),
    [
        (
            [row("mobilenet_v1", 0.75, 192, 67.2)],
            "mobilenet_v1_0.75_192_quant",
            "edgevision models pull mobilenet_v1_0.75_192_quant",
        ),
        (
            [row("mobilenet_v2", 1.0, 160, 68.8)],
            "mobilenet_v2",
            "edgevision run --model mobilenet_v2 --resolution 160",
        ),
        ([row("mobilenet_v2", 1.0, 224, 71.8)], "mobilenet_v2", "run --model mobilenet_v2"),
        (
            # None for the first: the next that has any.
            [row("mobilenet_v1", 0.75, 224, 68.4), row("mobilenet_v1", 0.5, 160, 59.1)],
            "mobilenet_v1_0.5_160_quant",
            "edgevision models pull mobilenet_v1_0.5_160_quant",
        ),
        (
            [row("efficientnet_lite0", 1.0, 224, 75.1, "efficientnet_lite0")],
            "efficientnet_lite0",
            "edgevision run --model efficientnet_lite0",
        ),
    ],
)
def test_trained_weights_are_named_with_the_command(tmp_path, rows, model, command):
    found = weights_for(rows, tmp_path)
    assert found.model == model
    assert any(one.endswith(command) for one in found.commands)


def test_what_answers_other_questions_is_no_classifier_of_imagenet(tmp_path):
    # The registry has an embedding extractor of just that shape, and one for the Edge TPU.
    assert weights_for([row("mobilenet_v1", 1.0, 224, 70.9)], tmp_path) is None
    assert weights_for([row("mobilenet_v2", 1.0, 224, None)], tmp_path) is None
