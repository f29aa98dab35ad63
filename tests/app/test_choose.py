from __future__ import annotations

import hashlib
import logging

import pytest

from edgevision.app.choose import choose
from edgevision.app.device import fingerprint, keep_times, kept_times, place
from edgevision.app.trained import trained_here
from edgevision.config.schema import Settings
from edgevision.errors import ModelError
from edgevision.evaluation.fit import Times
from edgevision.zoo import added
from edgevision.zoo.entry import IMAGENET, Download, Entry
from edgevision.zoo.families import network_of
from edgevision.zoo.labels import DATA
from edgevision.zoo.registry import embedded, entries
from edgevision.zoo.seeded import seeded


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def wanted(folder):
    """Makes settings: `wanted(20)`, a budget of 20 ms, with other branches by name."""

    def make(budget, task=("classify", "dogs"), **model):
        return Settings(
            task=list(task),
            model={"budget_ms": budget, **model},
            models={"folder": str(folder)},
        )

    return make


@pytest.fixture
def times(environment, folder, wanted):
    """As if they had been measured: p95 of 10 ms for each, or what is given by id."""

    def keep(**millis):
        known = {}
        for one in trained_here(folder):
            name = one.entry.id if one.resized_to is None else f"{one.entry.id}_{one.resolution}"
            p95 = float(millis.get(name, 10.0))
            known[one.key] = Times(p95 / 2, p95, 30)
        keep_times(place(environment), fingerprint(wanted(1.0)), known)

    return keep


def test_without_a_budget_nothing_changes(environment):
    settings = Settings()
    assert choose(settings, environment) is settings


def test_the_most_accurate_within_the_budget_is_taken(wanted, times, environment, caplog):
    caplog.set_level(logging.INFO)
    times(efficientnet_lite0=9, mobilenet_v2=4)

    chosen = choose(wanted(9.0), environment)

    assert (chosen.model.use, chosen.model.resolution) == ("efficientnet_lite0", 224)
    # Else photos would be looked at twice, at a larger size, and take longer than the budget.
    assert chosen.region.mirror is False
    assert chosen.model.budget_ms is None
    assert chosen.task == ("classify", "dogs")
    assert "model efficientnet_lite0: of " in caplog.text
    assert "timing" not in caplog.text, "the times are known"
    assert choose(wanted(4.0), environment).model.use == "mobilenet_v2"


def test_one_more_threads_times_are_other_times(wanted, times, environment, caplog):
    caplog.set_level(logging.INFO)
    times(efficientnet_lite0=1, mobilenet_v2=1)
    settings = wanted(1000.0)
    engine = settings.engine.model_copy(update={"threads": 2})

    choose(settings.model_copy(update={"engine": engine}), environment)

    assert "timing" in caplog.text


def test_nothing_within_the_budget_names_the_fastest(wanted, times, environment):
    times(mobilenet_v2=3)
    with pytest.raises(ModelError, match=r"within 2 ms here; the fastest is mobilenet_v2 with 3"):
        choose(wanted(2.0), environment)


def test_unknown_times_are_measured_once(wanted, environment, caplog):
    caplog.set_level(logging.INFO)
    settings = wanted(60_000.0)

    first = choose(settings, environment)

    assert caplog.text.count("timing") == 1
    assert kept_times(place(environment), fingerprint(settings))
    assert choose(settings, environment).model == first.model
    assert caplog.text.count("timing") == 1
    assert first.model.use in set(embedded())


def test_a_network_that_cannot_serve_the_settings_is_no_candidate(wanted, times, environment):
    times(efficientnet_lite0=1, mobilenet_v2=1)
    head = DATA / "heads" / "mobilenet_v2.dogs.npz"
    # The head fits one backbone only, though the other is the more accurate.
    assert choose(wanted(5.0), environment).model.use == "efficientnet_lite0"
    settings = wanted(5.0, heads={"dogs": str(head)})
    assert choose(settings, environment).model.use == "mobilenet_v2"

    broken = place(environment).with_name("broken.npz")
    broken.write_bytes(b"no head")
    settings = wanted(5.0, heads={"dogs": str(broken)})
    with pytest.raises(ModelError, match=r"no trained network here serves classify, dogs \(.*head"):
        choose(settings, environment)


def put(folder, tmp_path, content, *, name="mine", origin="added", **fields):
    file = tmp_path / "source.tflite"
    file.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    download = Download(f"{name}.tflite", len(content), digest)
    fields = {"family": "mobilenet_v1", "alpha": 0.25, "resolution": 128, **fields}
    entry = Entry(id=name, file=download, origin=origin, **fields)
    added.keep(entry, file, folder)
    return entry


PERFECT = {"labels": IMAGENET, "measured_top1": {128: 100.0}}


def test_seeded_weights_are_never_served(wanted, times, environment, *, folder, tmp_path, caplog):
    put(folder, tmp_path, seeded(network_of("mobilenet_v1", 0.25), 128), **PERFECT)
    times(efficientnet_lite0=1)

    assert choose(wanted(5.0), environment).model.use == "efficientnet_lite0"
    assert "mine is left out" in caplog.text
    assert "for timing only" in caplog.text


def test_a_file_that_is_not_the_registrys_is_never_served(
    wanted, times, environment, folder, caplog
):
    entry = entries(folder)["mobilenet_v1_0.75_192_quant"]
    folder.mkdir()
    (folder / entry.file.name).write_bytes((DATA / "models" / "mobilenet_v2.tflite").read_bytes())
    times(efficientnet_lite0=1)

    assert choose(wanted(5.0), environment).model.use == "efficientnet_lite0"
    assert f"{entry.id} is left out" in caplog.text


def test_a_pulled_network_is_a_candidate_with_its_own_file(
    wanted, times, environment, folder, shared
):
    entry = entries(folder)["mobilenet_v1_0.75_192_quant"]
    added.keep(entry, shared / "models" / entry.file.name, folder)
    times(**{entry.id: 2})

    chosen = choose(wanted(2.0, task=["dogs"]), environment)

    assert (chosen.model.use, chosen.model.resolution) == (entry.id, None)


def test_one_for_the_edge_tpu_is_no_candidate(wanted, times, environment, folder, shared):
    entry = entries(folder)["mobilenet_v1_0.75_192_quant_edgetpu"]
    source = shared / "models" / entry.file.name
    added.keep(entry, source, folder)
    assert entry.id not in {one.entry.id for one in trained_here(folder)}


def test_a_resized_network_is_chosen_with_its_resolution(
    wanted, times, environment, folder, tmp_path
):
    content = (DATA / "models" / "mobilenet_v2.tflite").read_bytes()
    measured = {"measured_top1": {224: 99.0, 160: 98.0}, "resizable": True}
    put(folder, tmp_path, content, resolution=224, labels=IMAGENET, **measured)
    times(mine_160=2)
    head = {
        name: str(DATA / "heads" / f"mobilenet_v2.{name}.npz") for name in ("imagenet1k", "dogs")
    }

    chosen = choose(wanted(2.0, heads=head), environment)

    assert (chosen.model.use, chosen.model.resolution) == ("mine", 160)
    assert choose(wanted(10.0, heads=head), environment).model.resolution is None
