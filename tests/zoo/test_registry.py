from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import classifier

from edgevision.errors import ModelError
from edgevision.zoo.heads import Head, save_head
from edgevision.zoo.registry import DEFAULT, embedded, find
from edgevision.zoo.tflite import inspect


def test_the_embedded_networks_have_both_heads():
    assert set(embedded()) == {"efficientnet_lite0", "mobilenet_v2"}
    for name in embedded():
        model = find(name)
        assert set(model.heads) == {"imagenet1k", "dogs"}
        assert model.heads["imagenet1k"].weights.shape == (1000, 1280)
        assert len(model.heads["dogs"].labels) == 120
    assert find().name == DEFAULT


@pytest.mark.parametrize(
    ("use", "says"),
    [
        ("mobilenet_v3", "is no id and no file; did you mean mobilenet_v2?"),
        ("missing.tflite", "cannot be read"),
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
