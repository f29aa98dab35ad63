from __future__ import annotations

import hashlib
import json
import shutil

import pytest
from tiny import classifier

from edgevision.zoo.pinned import pinned
from edgevision.zoo.registry import DEFAULT, embedded

SMALL = "mobilenet_v1_0.25_128_quant"
LABELS = "jay\nrook\nchough\nraven\nmagpie\n"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "home/.local/share/edgevision/models"


@pytest.fixture
def models(edgevision):
    """Runs `edgevision models ...` as a user whose home is empty."""

    def call(*words, **variables):
        return edgevision("models", *words, XDG_DATA_HOME="", **variables)

    return call


@pytest.fixture
def here(folder, shared):
    """Brings files of the registry into the models' folder."""

    def bring(*names):
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copyfile(shared / "models" / name, folder / name)

    return bring


def rows(done):
    return {row["id"]: row for row in json.loads(done.out)}


def test_list_names_every_network_and_marks_the_default(models):
    done = models("list")

    assert (done.code, done.err) == (0, "")
    heading, *lines = done.out.splitlines()
    assert heading.split()[:3] == ["id", "input", "MB"]
    ids = [line[2:].split()[0] for line in lines]
    assert ids == [*pinned("embedded"), *pinned("registry")]
    assert [line[2:].split()[0] for line in lines if line.startswith("*")] == [DEFAULT]
    first, small = lines[0], lines[ids.index(SMALL)]
    assert "dogs (120), imagenet1k (1000)" in first
    assert "in the package" in first
    for told in ("128x128", "0.5", "14 M", "39.5 %", "1001 classes", "not here", "Apache-2.0"):
        assert told in small


def test_json_tells_what_the_files_are(models):
    found = rows(models("list", "--json"))

    for name, path in embedded().items():
        row = found[name]
        content = path.read_bytes()
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
        assert row["mb"] == round(len(content) / 1e6, 2)
        assert row["resolution"] == 224
        assert row["heads"] == {"dogs": 120, "imagenet1k": 1000, "landmarks": 49}
        assert row["default"] == (name == DEFAULT)
        assert row["path"] == str(path)
    small = found[SMALL]
    assert (small["state"], small["path"], small["background"]) == ("not here", None, 0)
    assert small["urls"][0].startswith("https://raw.githubusercontent.com/google-coral/test_data/")
    # Tan and Le, and Sandler et al., give 407 and 300 million with the 1000-way classifier.
    assert 370e6 < found["efficientnet_lite0"]["mult_adds"] < 407e6
    assert 290e6 < found["mobilenet_v2"]["mult_adds"] < 305e6


def test_list_tells_what_is_here_what_was_added_and_what_is_damaged(models, here, folder, tmp_path):
    other = "mobilenet_v1_0.5_160_quant"
    here(f"{SMALL}.tflite", f"{other}.tflite")
    (folder / f"{other}.tflite").write_bytes(b"TFL3 of something else")
    classifier(tmp_path / "crows.tflite", labels=LABELS)
    assert models("add", "crows.tflite").code == 0
    assert models("add", "crows.tflite", "--name", "owls").code == 0
    (folder / "owls.json").write_text("{")

    done = models("list", "--json")

    states = {name: row["state"] for name, row in rows(done).items()}
    assert states[SMALL] == "here"
    assert states[other] == states["owls"] == "damaged"
    assert states["crows"] == "added"
    assert rows(done)["crows"]["classes"] == 5
    assert str(folder / "owls.json") in done.err
    assert f"models pull {other}" in done.err
    told = models("list").out
    assert "5 classes" in told
    assert "damaged" in told


def test_verify_names_what_is_not_as_it_should_be(models, here, folder):
    here(f"{SMALL}.tflite")
    done = models("verify")
    assert done.code == 0
    assert done.out.splitlines() == [
        f"{name}: as it should be" for name in (*pinned("embedded"), SMALL)
    ]

    path = folder / f"{SMALL}.tflite"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    done = models("verify")
    assert f"{SMALL}: damaged" in done.out
    assert f"{path}: is damaged or another file" in done.refused()
    as_json = models("verify", "--json", SMALL)
    assert as_json.code == 2
    assert [(row["id"], row["ok"]) for row in json.loads(as_json.out)] == [(SMALL, False)]
    assert models("verify", DEFAULT).out == f"{DEFAULT}: as it should be\n"


@pytest.mark.parametrize("command", ["verify", "path"])
def test_what_is_not_here_or_not_known_is_refused_with_the_way_out(models, command):
    assert f"fetch it: edgevision models pull {SMALL}" in models(command, SMALL).refused()
    assert "did you mean mobilenet_v2" in models(command, "mobilenet_v3").refused()


def test_path_is_for_scripts(models, here, folder):
    here(f"{SMALL}.tflite")
    assert models("path", DEFAULT).out == f"{embedded()[DEFAULT]}\n"
    assert models("path", SMALL).out == f"{folder / SMALL}.tflite\n"
    (folder / f"{SMALL}.tflite").write_bytes(b"")
    assert f"models remove {SMALL}" in models("path", SMALL).refused()


def test_remove_takes_away_what_was_fetched_or_added(models, here, folder, tmp_path):
    birds = "mobilenet_v2_1.0_224_inat_bird_quant"
    here(f"{SMALL}.tflite", f"{birds}.tflite", "inat_bird_labels.txt")
    classifier(tmp_path / "crows.tflite", labels=LABELS)
    assert models("add", "crows.tflite").code == 0
    (folder / "crows.json").write_text("{")

    assert "comes with the package" in models("remove", SMALL, DEFAULT).refused()
    assert "is no id" in models("remove", SMALL, "none").refused()
    assert len(list(folder.iterdir())) == 5

    done = models("remove", SMALL, birds, "crows", "mobilenet_v2_1.0_224_quant")
    assert done.code == 0
    assert f"{SMALL}: removed, 0.5 MB free" in done.out
    assert "mobilenet_v2_1.0_224_quant: was not here" in done.out
    assert list(folder.iterdir()) == []


def test_add_says_what_it_did(models, folder, tmp_path):
    classifier(tmp_path / "crows.tflite", dtype="float32")
    (tmp_path / "l.csv").write_text("index,label\n4,a\n3,b\n2,c\n1,d\n0,e\n")

    done = models("add", "crows.tflite", "--labels", "l.csv", "--name", "birds", "--json")

    told = json.loads(done.out)
    assert (told["id"], told["added"]) == ("birds", True)
    assert told["path"] == str(folder / "birds.tflite")
    assert "set model.mean and model.deviation" in done.err
    again = models("add", "crows.tflite", "--labels", "l.csv", "--name", "birds")
    assert again.out == f"birds: {folder / 'birds.tflite'} (was here)\n"
    (tmp_path / "l.csv").write_text("index,label\n1,a\n0,b\n")
    refused = models("add", "crows.tflite", "--labels", "l.csv", "--name", "birds").refused()
    assert refused == (
        "edgevision: l.csv: has 2 labels, crows.tflite has 5 outputs; give the label file that it "
        "was trained with, by --labels"
    )
    assert "cannot be read" in models("add", "none.tflite").refused()


def test_the_folder_is_the_settings(models, tmp_path):
    classifier(tmp_path / "crows.tflite", labels=LABELS)
    (tmp_path / "there.yaml").write_text(f"models: {{folder: {tmp_path / 'there'}}}\n")
    assert models("add", "crows.tflite", "--config", "there.yaml").code == 0
    assert (tmp_path / "there/crows.tflite").exists()
    assert "crows" in models("list", "--config", "there.yaml").out
    assert "crows" not in models("list").out
