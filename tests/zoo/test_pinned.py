from __future__ import annotations

import contextlib
import functools
import math
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from edgevision.errors import ModelError
from edgevision.zoo.families import FAMILIES
from edgevision.zoo.pinned import REGISTRY, pinned, read_registry
from edgevision.zoo.record import read_entry, to_mapping
from edgevision.zoo.walk import read_network


def plain(**changed) -> dict:
    whole = {
        "family": "mobilenet_v1",
        "resolution": 128,
        "file": {
            "name": "small.tflite",
            "bytes": 1000,
            "sha256": "0" * 64,
            "urls": ["https://example.org/small.tflite"],
        },
        "labels": "imagenet1k",
    }
    return {key: one for key, one in {**whole, **changed}.items() if one is not ...}


def written(tmp_path, entry, name="small"):
    path = tmp_path / "registry.yaml"
    path.write_text(f"a: {{}}\n---\n{yaml.safe_dump({name: entry})}")
    return path


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("text", "expected keys and values, not 'text'"),
        (plain(resolution=...), "key resolution: expected a whole number from 1 to 4096, not noth"),
        (plain(resolution="large"), "key resolution: expected a whole number"),
        (plain(resolution=True), "key resolution: expected a whole number"),
        (plain(size=3), "key 'size' is not known"),
        (plain(file=...), "key file is missing"),
        (plain(file="small.tflite"), "key file: expected keys and values"),
        (plain(file={"name": "small.tflite", "bytes": 10, "sha256": "12"}), "file: key sha256"),
        (plain(file={"name": "../x.tflite", "bytes": 10, "sha256": "0" * 64}), "file: key name"),
        (plain(file={"name": "a.tflite", "bytes": 10, "sha256": "0" * 64}), "small.tflite"),
        (plain(file={"name": "small.tflite", "bytes": 10, "sha256": "0" * 64}), "key urls is miss"),
        (plain(file={**plain()["file"], "urls": ["http://a.org/x"]}), "begin with https"),
        (plain(labels=3), "key labels: expected imagenet1k, a file or a list, not 3"),
        (plain(labels=["a", 3]), "key labels: expected a list of texts"),
        (plain(background=-1), "key background: expected a whole number from 0"),
        (plain(alpha=0), "key alpha: expected a number over 0"),
        (plain(published_top1=101), "key published_top1: expected a number over 0, at most 100"),
        (plain(resizable="yes"), "key resizable: expected true or false, not 'yes'"),
        (plain(scaling=[1]), "key scaling: expected a mean and a deviation"),
        (plain(scaling=[1, 0]), "key scaling: expected a mean and a deviation of bytes"),
        (plain(measured_top1=3), "key measured_top1: expected per cent by resolution"),
        (plain(measured_top1={"x": 3}), "key measured_top1: expected per cent by resolution"),
        (plain(licence=["a"]), "key licence: expected text"),
    ],
)
def test_a_wrong_value_is_told_by_file_entry_and_key(tmp_path, entry, says):
    path = written(tmp_path, entry)
    with pytest.raises(ModelError, match=re.escape(says)) as refused:
        read_registry(path, "registry")
    told = str(refused.value)
    assert told.startswith(f"{path}: entry small: ")
    assert told.endswith("reinstall edgevision")


@pytest.mark.parametrize("name", ["../../etc", "-x", "", 3, "a b"])
def test_an_id_that_leads_elsewhere_is_refused(tmp_path, name):
    with pytest.raises(ModelError, match="cannot be an entry's name"):
        read_registry(written(tmp_path, plain(), name), "registry")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "ends before document 2"),
        (b"a: {}\n", "ends before document 2"),
        (b"a: {}\n---\n", "has no entries"),
        (b"a: {}\n---\n- x\n", "has no entries"),
        (b"a: [\n", "is no registry"),
        (b"\xff\xfe\x00", "is no registry"),
        (b"a: {}\n---\nx: *unknown\n", "is no registry"),
    ],
)
def test_a_damaged_registry_is_one_line_with_the_way_out(tmp_path, content, says):
    path = tmp_path / "registry.yaml"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=says) as refused:
        read_registry(path, "registry")
    assert str(refused.value).startswith(str(path))
    assert "reinstall edgevision" in str(refused.value)
    with pytest.raises(ModelError, match="cannot be read"):
        read_registry(tmp_path / "none.yaml", "registry")


@functools.cache
def text() -> str:
    return REGISTRY.read_text(encoding="utf-8")


@given(st.integers(0, 9000), st.integers(0, 60), st.text(max_size=5))
def test_any_damage_is_read_or_refused(tmp_path_factory, place, length, instead):
    path = tmp_path_factory.getbasetemp() / "damaged.yaml"
    path.write_text(text()[:place] + instead + text()[place + length :], "utf-8", newline="")
    for origin in ("embedded", "registry"):
        with contextlib.suppress(ModelError):
            read_registry(path, origin)


@pytest.mark.parametrize("origin", ["embedded", "registry"])
def test_an_entry_can_be_written_and_read_again(origin):
    for name, entry in pinned(origin).items():
        assert read_entry(name, to_mapping(entry), origin, "here") == entry


def test_entries_agree_with_each_other():
    both = {**pinned("embedded"), **pinned("registry")}
    for name, entry in both.items():
        assert entry.family in FAMILIES, name
        assert entry.licence, name
        assert entry.credit, name
        assert (entry.published_top1 is None) == (entry.published_in == ""), name
        if entry.twin:
            twin = both[entry.twin]
            assert twin.twin == name
            assert entry.for_edgetpu != twin.for_edgetpu
            same = ("family", "alpha", "resolution", "labels", "background", "mult_adds")
            assert [getattr(entry, one) for one in same] == [getattr(twin, one) for one in same]


def check_counts(name, entry, folder):
    network = read_network(folder / entry.file.name)
    assert network.resolution == entry.resolution
    assert network.bytes == entry.file.bytes
    assert network.for_edgetpu == entry.for_edgetpu
    assert network.resizable == entry.resizable
    if not entry.for_edgetpu:
        assert network.mult_adds == entry.mult_adds, name
        assert network.parameters == entry.parameters, name


@pytest.mark.parametrize("name", list(pinned("embedded")))
def test_embedded_networks_cost_what_the_registry_says(name):
    check_counts(name, pinned("embedded")[name], REGISTRY.parent.parent / "data/models")


@pytest.mark.parametrize("name", list(pinned("registry")))
def test_networks_of_the_registry_cost_what_it_says(name, shared):
    check_counts(name, pinned("registry")[name], shared / "models")


def test_measured_accuracies_are_those_of_the_page(project):
    page = (project / "docs/accuracy.md").read_text(encoding="utf-8")
    table = page.split("<!-- figures: accuracy-imagenet -->")[1].split("<!-- end -->")[0]
    rows = re.findall(r"^\| `([^`]+)` \| \d+ \| ([\d.]+)%", table, re.MULTILINE)
    assert rows
    both = {**pinned("embedded"), **pinned("registry")}
    for name, percent in rows:
        if name in both:
            measured = both[name].measured_top1[both[name].resolution]
            assert math.isclose(measured, float(percent)), name
