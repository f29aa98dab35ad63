from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from tiny import classifier

from edgevision.errors import ModelError
from edgevision.zoo.added import keep
from edgevision.zoo.registry import embedded, entries, find
from edgevision.zoo.sibling import at_resolution

FAMILY = {128: "0.25", 160: "0.5", 192: "0.75"}


@pytest.fixture
def models(shared):
    return shared / "models"


def refused(*arguments, **options) -> str:
    with pytest.raises(ModelError) as caught:
        at_resolution(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", sorted(embedded()))
def test_an_embedded_network_stays_itself_and_is_resized(name):
    model = find(name)
    small = at_resolution(model, 160)
    assert (small.resolution, small.path, small.sha256) == (160, model.path, model.sha256)
    assert small.heads.keys() == model.heads.keys()
    assert at_resolution(model, 224) is model


def test_a_network_with_a_mean_is_resized(models):
    model = find(str(models / "tf2_mobilenet_v2_1.0_224_ptq.tflite"))
    assert at_resolution(model, 128).resolution == 128


def test_at_its_own_resolution_every_network_is_as_it_is(models):
    for side, alpha in FAMILY.items():
        model = find(str(models / f"mobilenet_v1_{alpha}_{side}_quant.tflite"))
        assert at_resolution(model, side) is model


@pytest.mark.parametrize(
    "name",
    [
        "mobilenet_v1_0.25_128_quant",
        "mobilenet_v1_0.75_192_quant",
        "mobilenet_v1_1.0_224_quant_embedding_extractor",
        "mobilenet_v2_1.0_224_quant",
        "mobilenet_v2_1.0_224_inat_bird_quant",
    ],
)
def test_a_fixed_pool_is_refused_with_the_reason_and_the_way_out(models, name):
    model = find(str(models / f"{name}.tflite"))
    # 160 and 224 fit some of the fixed pools, which would leave out a part of the map.
    for side in {160, 224, 256} - {int(name.split("_")[3])}:
        told = refused(model, side)
        assert told.startswith(f"{model.path}: runs at ")
        assert "its pool has a fixed size" in told
        assert f"use a file made for {side}" in told
        assert "--model efficientnet_lite0" in told


def test_a_network_for_the_edge_tpu_is_refused(models):
    model = find(str(models / "mobilenet_v1_0.25_128_quant_edgetpu.tflite"))
    assert "Edge TPU" in refused(model, 160)


def fixed(path, side, *, classes=5, labels=None):
    """A tiny network that cannot be resized: its image has a size that no pool takes away."""
    return classifier(path, shape=(1, side, side, 3), classes=classes, labels=labels)


class TestBeside:
    """A file in the same folder, named for the other resolution."""

    @pytest.fixture
    def folder(self, models, tmp_path):
        # The files that there are have each their own alpha: renamed, they are what is wanted.
        for side, alpha in FAMILY.items():
            source = models / f"mobilenet_v1_{alpha}_{side}_quant.tflite"
            shutil.copy(source, tmp_path / f"net_1.0_{side}_quant.tflite")
        return tmp_path

    def test_is_taken(self, folder):
        model = find(str(folder / "net_1.0_192_quant.tflite"))
        found = at_resolution(model, 128)
        assert found.path == folder / "net_1.0_128_quant.tflite"
        assert found.name == "net_1.0_128_quant"
        assert found.sha256 != model.sha256
        assert found.resolution is None

    def test_has_the_labels_of_the_other_if_it_brings_none(self, folder):
        names = "\n".join(f"name {number}" for number in range(1001))
        (folder / "net_1.0_192_quant.txt").write_text(names)
        model = find(str(folder / "net_1.0_192_quant.tflite"))
        found = at_resolution(model, 128)
        own = find(str(folder / "net_1.0_128_quant.tflite")).labels
        assert found.labels == (own or model.labels)
        assert len(found.labels) == 1001

    def test_is_not_taken_if_its_input_is_not_what_its_name_says(self, folder):
        shutil.copy(folder / "net_1.0_128_quant.tflite", folder / "net_1.0_160_quant.tflite")
        model = find(str(folder / "net_1.0_192_quant.tflite"))
        assert "use a file made for 160" in refused(model, 160)

    def test_is_not_taken_if_it_has_other_classes(self, folder):
        fixed(folder / "net_1.0_160_quant.tflite", 160, classes=7)
        model = find(str(folder / "net_1.0_192_quant.tflite"))
        assert "use a file made for 160" in refused(model, 160)

    def test_an_alpha_is_no_resolution(self, folder):
        shutil.copy(folder / "net_1.0_192_quant.tflite", folder / "net_0.192.tflite")
        shutil.copy(folder / "net_1.0_128_quant.tflite", folder / "net_0.128.tflite")
        refused(find(str(folder / "net_0.192.tflite")), 128)

    def test_a_damaged_one_is_named(self, folder):
        (folder / "net_1.0_160_quant.tflite").write_bytes(b"not a network")
        model = find(str(folder / "net_1.0_192_quant.tflite"))
        assert "net_1.0_160_quant.tflite" in refused(model, 160)


def test_labels_that_are_given_hold_for_the_sibling_too(models, tmp_path):
    for side, alpha in FAMILY.items():
        source = models / f"mobilenet_v1_{alpha}_{side}_quant.tflite"
        shutil.copy(source, tmp_path / f"net_{side}.tflite")
    labels = tmp_path / "mine.txt"
    labels.write_text("\n".join(f"mine {number}" for number in range(1001)))
    model = find(str(tmp_path / "net_192.tflite"), labels)
    assert at_resolution(model, 160, labels=labels).labels[3] == "mine 3"


@pytest.fixture
def added(models, tmp_path):
    """A folder with `narrow`, a network that was added: that of the registry, said to be of 0.5."""
    of_registry = entries(tmp_path)["mobilenet_v1_0.75_192_quant"]
    source = models / of_registry.file.name
    about = replace(of_registry, id="narrow", alpha=0.5, origin="added")
    keep(replace(about, file=replace(about.file, name="narrow.tflite")), source, tmp_path)
    return tmp_path


def test_the_registry_knows_a_sibling_and_how_to_get_it(models, added):
    model = find("narrow", folder=added)
    told = refused(model, 160, added)
    assert "`edgevision models pull mobilenet_v1_0.5_160_quant`" in told
    shutil.copy(models / "mobilenet_v1_0.5_160_quant.tflite", added)
    found = at_resolution(model, 160, added)
    assert found.name == found.entry.id == "mobilenet_v1_0.5_160_quant"
    assert found.labels == find("mobilenet_v1_0.5_160_quant", folder=added).labels


def test_another_alpha_or_other_labels_make_no_sibling(models, added):
    for name in ("mobilenet_v1_0.25_128_quant.tflite", "mobilenet_v1_0.5_160_quant.tflite"):
        shutil.copy(models / name, added)
    assert "use a file made for 128" in refused(find("narrow", folder=added), 128, added)
    bird = models / "mobilenet_v2_1.0_224_inat_bird_quant.tflite"
    shutil.copy(bird, added)
    birds = find("mobilenet_v2_1.0_224_inat_bird_quant", folder=added)
    assert "use a file made for 160" in refused(birds, 160, added)
