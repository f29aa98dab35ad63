from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import classifier

from edgevision.errors import ModelError
from edgevision.zoo.entry import Download
from edgevision.zoo.heads import Head, save_head
from edgevision.zoo.labels import imagenet_labels
from edgevision.zoo.pinned import pinned
from edgevision.zoo.registry import DEFAULT, embedded, entries, find, local_file
from edgevision.zoo.tflite import inspect


def test_the_embedded_networks_have_both_heads():
    assert set(embedded()) == {"efficientnet_lite0", "efficientnet_lite2", "mobilenet_v2"}
    for name in embedded():
        model = find(name)
        assert set(model.heads) == {"imagenet1k", "dogs", "landmarks"}
        assert model.heads["imagenet1k"].weights.shape == (1000, 1280)
        assert len(model.heads["dogs"].labels) == 120
    assert find().name == DEFAULT


@pytest.mark.parametrize(
    ("use", "says"),
    [
        ("mobilenet_v3", "is no id and no file; did you mean mobilenet_v2?"),
        ("mobilenet_v1_0.75_129_quant", "did you mean mobilenet_v1_0.75_192_quant?"),
        ("missing.tflite", "cannot be read"),
        ("~nobody-of-that-name/m.tflite", "no such user's home folder"),
        ("m" * 300, "is no id and no file"),
        ("m" * 300 + ".tflite", "cannot be read"),
    ],
)
def test_what_is_not_there_is_said_with_a_way_out(use, says):
    with pytest.raises(ModelError, match=says.replace("?", r"\?")):
        find(use)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "is empty"), (b"PK\x03\x04 no model", "no TFLite model"), (b"TFL", "no TFLite model")],
)
def test_what_is_no_model_is_told_from_one(tmp_path, content, says):
    path = tmp_path / "bad.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=says):
        find(str(path))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8, 0.9])
def test_a_model_that_was_cut_off_is_told_from_a_whole_one(share, tmp_path):
    for whole in embedded().values():
        content = whole.read_bytes()
        path = tmp_path / "cut.tflite"
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(ModelError, match="cut off or damaged"):
            find(str(path))


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=40))
def test_a_model_with_wrong_bytes_is_read_or_refused(changes):
    content = bytearray(embedded()["mobilenet_v2"].read_bytes())
    for place, byte in changes:
        content[place] = byte
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.tflite"
        path.write_bytes(content)
        with contextlib.suppress(ModelError):
            inspect(path)


def test_a_folder_is_no_model(tmp_path):
    with pytest.raises(ModelError, match="is a folder"):
        find(str(tmp_path))


def test_labels_come_from_the_model_then_from_beside_it_and_a_given_file_wins(tmp_path):
    packed = classifier(tmp_path / "packed.tflite", labels="a\nb\nc\nd\ne\n")
    assert find(str(packed)).labels == ("a", "b", "c", "d", "e")
    bare = classifier(tmp_path / "bare.tflite")
    assert find(str(bare)).labels is None
    (tmp_path / "bare_labels.txt").write_text("v\nw\nx\ny\nz\n")
    assert find(str(bare)).labels == ("v", "w", "x", "y", "z")
    given = tmp_path / "given.txt"
    given.write_text("1\n2\n3\n4\n5\n")
    assert find(str(packed), labels=given).labels == ("1", "2", "3", "4", "5")


def test_a_damaged_packed_label_file_is_said(tmp_path):
    path = classifier(tmp_path / "m.tflite", labels="a\n" * 200)
    content = bytearray(path.read_bytes())
    where = content.rindex(b"a\na\na\n")
    content[where : where + 4] = b"\xff\xfe\xff\xfe"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="packed label file"):
        find(str(path))


def test_a_head_of_another_backbone_is_refused(tmp_path):
    head = Head(
        name="dogs",
        backbone_sha256="0" * 64,
        labels=("a", "b"),
        weights=np.zeros((2, 1280), np.float32),
        bias=np.zeros(2, np.float32),
        provenance={"made": "for a test"},
    )
    path = tmp_path / "other.npz"
    save_head(head, path)
    with pytest.raises(ModelError, match=r"other\.npz"):
        find("mobilenet_v2", heads={"dogs": path})


def test_labels_and_compilation_of_real_models(shared):
    plain = inspect(shared / "models/mobilenet_v1_0.25_128_quant.tflite")
    assert plain.labels[:2] == ("background", "tench, Tinca tinca")
    assert not plain.for_edgetpu
    assert inspect(shared / "models/mobilenet_v1_0.25_128_quant_edgetpu.tflite").for_edgetpu
    birds = inspect(shared / "models/mobilenet_v2_1.0_224_inat_bird_quant.tflite")
    assert birds.labels[-1] == "background"


BIRDS = "mobilenet_v2_1.0_224_inat_bird_quant"
SMALL = "mobilenet_v1_0.25_128_quant"


@pytest.fixture
def folder(tmp_path, shared):
    """A folder of fetched models: the smallest classifier, and the birds with their labels."""
    place = tmp_path / "models"
    place.mkdir()
    for name in (f"{SMALL}.tflite", f"{BIRDS}.tflite", "inat_bird_labels.txt"):
        shutil.copyfile(shared / "models" / name, place / name)
    return place


def test_what_was_fetched_is_found_by_its_id(folder):
    model = find(SMALL, folder=folder)
    assert model.path == folder / f"{SMALL}.tflite"
    assert model.labels == ("background", *imagenet_labels())
    assert model.entry == pinned("registry")[SMALL]
    assert (model.name, model.heads, model.scaling) == (SMALL, {}, None)


def test_a_label_file_of_the_registry_is_used_and_has_to_be_the_right_one(folder):
    labels = folder / "inat_bird_labels.txt"
    birds = find(BIRDS, folder=folder).labels
    assert len(birds) == 965
    assert birds[-1] == "background"
    labels.write_bytes(labels.read_bytes().replace(b"Limpkin", b"Pumpkin"))
    with pytest.raises(ModelError, match=r"inat_bird_labels\.txt: is damaged or another file"):
        find(BIRDS, folder=folder)
    labels.unlink()
    # They are packed into the file, too.
    assert find(BIRDS, folder=folder).labels == birds


@pytest.mark.parametrize("place", [None, "empty"])
def test_what_was_not_fetched_names_the_command(tmp_path, place):
    folder = tmp_path / place if place else None
    with pytest.raises(ModelError) as refused:
        find("mobilenet_v1_0.75_192_quant", folder=folder)
    assert str(refused.value) == (
        "mobilenet_v1_0.75_192_quant is not here (2.7 MB); fetch it: "
        "edgevision models pull mobilenet_v1_0.75_192_quant"
    )


@pytest.mark.parametrize("how", ["another", "cut", "empty"])
def test_a_file_with_a_wrong_digest_is_named_and_never_used(folder, how):
    path = folder / f"{SMALL}.tflite"
    content = path.read_bytes()
    path.write_bytes(
        {
            "another": (folder / f"{BIRDS}.tflite").read_bytes(),
            "cut": content[: len(content) // 2],
            "empty": b"",
        }[how]
    )
    with pytest.raises(ModelError) as refused:
        find(SMALL, folder=folder)
    told = str(refused.value)
    assert told.startswith(f"{path}: is damaged or another file, and is not used")
    assert f"models remove {SMALL}" in told
    assert f"models pull {SMALL}" in told


def test_a_given_label_file_wins_over_the_registrys(folder, tmp_path):
    given = tmp_path / "given.txt"
    given.write_text("\n".join(f"class {index}" for index in range(1001)))
    assert find(SMALL, labels=given, folder=folder).labels[1000] == "class 1000"


def test_the_embedded_networks_are_what_the_registry_says():
    assert {*pinned("embedded")} == {*embedded()}
    for name, entry in pinned("embedded").items():
        content = embedded()[name].read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (
            entry.file.bytes,
            entry.file.sha256,
        )
        assert find(name).entry == entry


def test_entries_are_all_there_are_wherever_they_lie(tmp_path):
    found = entries(tmp_path / "nowhere")
    assert {*found} == {*pinned("embedded"), *pinned("registry")}
    assert local_file(found[DEFAULT], tmp_path) == embedded()[DEFAULT]
    assert local_file(found[SMALL], tmp_path) is None
    (tmp_path / f"{SMALL}.tflite").touch()
    assert local_file(found[SMALL], tmp_path) == tmp_path / f"{SMALL}.tflite"


def test_the_registry_pins_what_the_test_material_has(shared):
    sums = (shared / "models/SHA256SUMS").read_text().split()
    digests = dict(zip(sums[1::2], sums[::2], strict=True))
    downloads = [entry.file for entry in pinned("registry").values()]
    downloads += [
        entry.labels for entry in pinned("registry").values() if isinstance(entry.labels, Download)
    ]
    for wanted in downloads:
        assert wanted.sha256 == digests[wanted.name], wanted.name
        assert wanted.bytes == (shared / "models" / wanted.name).stat().st_size
        assert wanted.urls[0].endswith(f"/{wanted.name}")
    listed = {name for name in digests if name.endswith(".tflite")}
    assert {entry.file.name for entry in pinned("registry").values()} == listed


STARTS = """
import sys
from edgevision.zoo import pinned, registry
read = []
sys.addaudithook(lambda event, given: event == "open" and read.append(str(given[0])))
registry.find({use!r})
print(sum(one.endswith("registry.yaml") for one in read), pinned.pinned.cache_info().currsize)
"""


@pytest.mark.parametrize(("use", "told"), [("default", "1 1"), ("m.tflite", "0 0")])
def test_starting_reads_no_more_of_the_registry_than_it_needs(tmp_path, use, told):
    classifier(tmp_path / "m.tflite", labels="a\nb\nc\nd\ne\n")
    code = STARTS.format(use=use)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == told


EXTRACTOR = "mobilenet_v1_1.0_224_quant_embedding_extractor"


def test_the_backbone_of_coral_brings_heads_for_breeds_and_landmarks(shared):
    model = find(EXTRACTOR, folder=shared / "models")
    assert set(model.heads) == {"dogs", "landmarks"}
    assert model.heads["dogs"].weights.shape == (121, 1024)
    assert model.heads["dogs"].labels[-1] == "background"
    assert model.heads["landmarks"].weights.shape == (49, 1024)
    assert model.heads["dogs"].backbone_sha256 == model.sha256


def test_its_twin_for_the_edge_tpu_has_the_same_head(shared):
    twin = find(f"{EXTRACTOR}_edgetpu", folder=shared / "models")
    assert twin.for_edgetpu
    same = find(EXTRACTOR, folder=shared / "models").heads["dogs"]
    np.testing.assert_array_equal(twin.heads["dogs"].weights, same.weights)


def test_a_head_that_is_given_takes_the_place_of_the_packages(shared, tmp_path):
    model = find(EXTRACTOR, folder=shared / "models")
    own = Head("dogs", model.sha256, ("a", "b"), np.zeros((2, 1024)), np.zeros(2))
    save_head(own, tmp_path / "own.npz")
    given = find(EXTRACTOR, heads={"dogs": tmp_path / "own.npz"}, folder=shared / "models")
    assert given.heads["dogs"].labels == ("a", "b")
