from __future__ import annotations

import json
import os
import stat

import pytest
from described import described, metadata
from tiny import classifier

from edgevision.app.adding import add
from edgevision.errors import EngineError, ModelError, OutputError
from edgevision.zoo.families import mobilenet_v1
from edgevision.zoo.registry import embedded, find
from edgevision.zoo.seeded import seeded

LABELS = ("jay", "rook", "chough", "raven", "magpie")
LINES = "\n".join(LABELS)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def network(tmp_path):
    return classifier(tmp_path / "crows.tflite", labels=LINES)


def test_a_network_with_packed_labels_is_all_that_is_needed(network, folder):
    done = add(network, folder)

    assert done.new
    assert done.path == folder / "crows.tflite"
    assert done.path.read_bytes() == network.read_bytes()
    entry = find("crows", folder=folder).entry
    assert entry == done.entry
    assert (entry.labels, entry.resolution, entry.background) == (LABELS, 8, None)
    # Three colours into five classes.
    assert (entry.mult_adds, entry.parameters) == (15, 20)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("l.txt", "\n".join(f"{index} {one}" for index, one in enumerate(LABELS))),
        ("l.txt", "\n".join(f"{index}:{one}" for index, one in enumerate(LABELS))),
        ("l.json", json.dumps(LABELS)),
        ("l.json", json.dumps({one: index for index, one in enumerate(LABELS)})),
        ("l.csv", "id,name\n" + "\n".join(f"{index},{one}" for index, one in enumerate(LABELS))),
    ],
)
def test_labels_are_read_in_the_forms_that_are_about(tmp_path, folder, name, content):
    bare = classifier(tmp_path / "crows.tflite")
    labels = tmp_path / name
    labels.write_text(content)
    assert add(bare, folder, labels=labels).entry.labels == LABELS
    assert find("crows", folder=folder).labels == LABELS


def test_labels_beside_the_file_are_found(tmp_path, folder):
    bare = classifier(tmp_path / "crows.tflite")
    (tmp_path / "crows_labels.txt").write_text(LINES)
    assert add(bare, folder).entry.labels == LABELS


def test_given_labels_win_over_packed_ones(network, tmp_path, folder):
    given = tmp_path / "given.txt"
    given.write_text("\n".join(["background", *LABELS[1:]]))
    entry = add(network, folder, labels=given).entry
    assert entry.labels[0] == "background"
    assert entry.background == 0


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("a\nb\nc\n", r"l\.txt: has 3 labels, crows\.tflite has 5 outputs; give the label file"),
        ("a\nb\nc\nd\n", "has 4 labels, .* `background` has to be the first line"),
        ("a\nb\nc\nd\ne\nf\n", "has 6 labels, "),
        ("", "has no labels"),
    ],
)
def test_labels_that_do_not_fit_are_refused_with_both_counts(
    network, tmp_path, folder, lines, says
):
    labels = tmp_path / "l.txt"
    labels.write_text(lines)
    with pytest.raises(ModelError, match=says):
        add(network, folder, labels=labels)
    assert not folder.exists()


def test_a_classifier_without_labels_is_refused(tmp_path, folder):
    bare = classifier(tmp_path / "crows.tflite")
    with pytest.raises(ModelError, match=r"has 5 outputs and no labels.*--labels FILE"):
        add(bare, folder)


def test_a_backbone_takes_no_labels(tmp_path, folder):
    backbone = embedded()["mobilenet_v2"]
    assert add(backbone, folder, name="mine").entry.labels is None
    labels = tmp_path / "l.txt"
    labels.write_text(LINES)
    with pytest.raises(ModelError, match="gives an embedding and no classes"):
        add(backbone, folder, name="other", labels=labels)


def test_twice_the_same_is_there_and_another_needs_replace(network, tmp_path, folder):
    first = add(network, folder)
    again = add(network, folder)
    assert (again.new, again.entry, again.path) == (False, first.entry, first.path)

    other = classifier(tmp_path / "other.tflite", dtype="float32", labels=LINES)
    with pytest.raises(ModelError, match="crows is another network already; give --replace"):
        add(other, folder, name="crows")
    labels = tmp_path / "l.txt"
    labels.write_text("1st\n2nd\n3rd\n4th\n5th")
    with pytest.raises(ModelError, match="is there already, with other labels; give --replace"):
        add(network, folder, labels=labels)
    assert find("crows", folder=folder).labels == LABELS

    assert add(other, folder, name="crows", replace=True).new
    assert find("crows", folder=folder).sha256 != first.entry.file.sha256


def test_the_same_network_again_puts_a_damaged_copy_right(network, folder):
    path = add(network, folder).path
    path.write_bytes(b"no model")
    assert add(network, folder).new
    assert find("crows", folder=folder).labels == LABELS


def test_a_damaged_description_is_put_right_with_replace(network, folder):
    add(network, folder)
    (folder / "crows.json").write_text("{")
    with pytest.raises(ModelError, match=r"crows\.json: is damaged.*--replace` puts it right"):
        add(network, folder)
    assert add(network, folder, replace=True).new
    assert find("crows", folder=folder).labels == LABELS


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("../crows", "cannot be a model's name"),
        ("", "cannot be a model's name"),
        ("my crows", "cannot be a model's name"),
        ("default", "is a name of the package"),
        ("mobilenet_v2", "is a name of the package"),
        ("mobilenet_v2_1.0_224_quant", "is a name of the registry, and .* is not its file"),
    ],
)
def test_names_that_cannot_be_or_are_taken_are_refused(network, folder, name, says):
    with pytest.raises(ModelError, match=says):
        add(network, folder, name=name)


def test_a_file_of_the_registry_that_came_by_another_way_is_taken_for_it(shared, folder):
    name = "mobilenet_v1_0.25_128_quant"
    for file in (name, f"{name}_edgetpu"):
        done = add(shared / "models" / f"{file}.tflite", folder)
        assert done.entry.origin == "registry"
        assert done.notes == (f"it is {file} of the registry",)
        assert not add(shared / "models" / f"{file}.tflite", folder).new
    assert find(name, folder=folder).entry.published_top1 == 39.5
    assert {one.suffix for one in folder.iterdir()} == {".tflite"}


def test_what_no_runtime_on_this_device_runs_is_refused(shared, folder):
    twin = shared / "models/mobilenet_v1_0.25_128_quant_edgetpu.tflite"
    with pytest.raises(EngineError, match="compiled for the Edge TPU"):
        add(twin, folder, name="mine")


def test_a_network_with_random_weights_is_refused(tmp_path, folder):
    file = tmp_path / "grid.tflite"
    file.write_bytes(seeded(mobilenet_v1(0.25, 4), 32))
    with pytest.raises(ModelError, match=r"grid\.tflite: its weights are random, for timing only"):
        add(file, folder)


def test_what_takes_no_image_is_refused(tmp_path, folder):
    wide = classifier(tmp_path / "wide.tflite", shape=(1, 8, 12, 3), labels=LINES)
    with pytest.raises(ModelError, match="expected a square image"):
        add(wide, folder)
    two = classifier(tmp_path / "two.tflite", inputs=2, labels=LINES)
    with pytest.raises(ModelError, match="has 2 inputs"):
        add(two, folder)


def test_the_scaling_of_its_metadata_is_kept(tmp_path, folder):
    bare = classifier(tmp_path / "f.tflite", dtype="float32")
    (tmp_path / "f_labels.txt").write_text(LINES)
    content = bare.read_bytes()

    assert "(byte - 127.5) / 127.5" in add(bare, folder, name="plain").notes[0]
    bare.write_bytes(described(content, metadata([0.0], [255.0])))
    done = add(bare, folder, name="scaled")
    assert (done.notes, done.entry.scaling) == ((), (0.0, 255.0))
    assert find("scaled", folder=folder).scaling == (0.0, 255.0)
    bare.write_bytes(described(content, metadata([123.7, 116.3, 103.5], [58.0])))
    done = add(bare, folder, name="coloured")
    assert done.entry.scaling is None
    assert "each channel in its own way (mean 123.7, 116.3, 103.5; deviation 58)" in done.notes[0]


def test_a_folder_that_cannot_be_written_to_is_one_line(network, tmp_path):
    if os.geteuid() == 0:
        folder = tmp_path / "file"
        folder.touch()
    else:
        folder = tmp_path / "locked"
        folder.mkdir()
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(OutputError, match="crows cannot be kept there"):
        add(network, folder)
