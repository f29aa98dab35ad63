from __future__ import annotations

import os

import numpy as np
import pytest

from edgevision.app import learned
from edgevision.engines.litert import LiteRt
from edgevision.errors import ConfigError, ModelError, OutputError
from edgevision.pixels.prepare import Preparer
from edgevision.tasks.custom import Custom
from edgevision.values.box import FULL
from edgevision.zoo import learned as store
from edgevision.zoo.heads import Head
from edgevision.zoo.registry import find

BACKBONE = "mobilenet_v2"


@pytest.fixture(scope="module")
def model():
    return find(BACKBONE)


@pytest.fixture
def make_head(model, random):
    """A head of two colours, with a background if asked for."""

    def make(name="colours", *, background=True, backbone=BACKBONE, sha256=model.sha256):
        labels = ("dark red", "sea_green", *(("background",) if background else ()))
        return Head(
            name=name,
            backbone_sha256=sha256,
            labels=labels,
            weights=random.standard_normal((len(labels), 1280)).astype(np.float16),
            bias=np.zeros(len(labels), np.float32),
            provenance={"backbone": backbone, "photos": {"dark red": 3}},
            temperature=1.5,
        )

    return make


@pytest.fixture(scope="module")
def features(model):
    engine = LiteRt(model.path, model.name, model.sha256)
    prepare = Preparer(engine.spec.input)
    pixels = np.full((50, 80, 3), (200, 30, 40), np.uint8)
    found = engine.infer(lambda tensor: prepare(pixels, FULL, tensor))
    return engine.spec, found


def test_a_task_is_kept_found_and_removed(tmp_path, make_head):
    path = store.keep(make_head(), BACKBONE, tmp_path / "tasks")
    store.keep(make_head(), "other_1.0_224", tmp_path / "tasks")
    (tmp_path / "tasks" / "notes.txt").write_text("")
    assert path.name == "colours.mobilenet_v2.npz"
    found = store.scan(tmp_path / "tasks")
    assert {task: list(files) for task, files in found.items()} == {
        "colours": [BACKBONE, "other_1.0_224"]
    }
    assert store.forget(found["colours"]) > 2000
    assert store.scan(tmp_path / "tasks") == {}
    assert store.scan(tmp_path / "absent") == {}


def test_a_write_that_fails_leaves_the_earlier_task_and_nothing_else(small_disk, make_head, random):
    tasks = small_disk / "tasks"
    path = store.keep(make_head(), BACKBONE, tasks)
    before = path.read_bytes()
    classes = 400
    large = Head(
        name="colours",
        backbone_sha256="a" * 64,
        labels=tuple(map(str, range(classes))),
        weights=random.standard_normal((classes, 1280)),
        bias=np.zeros(classes),
    )
    with pytest.raises(OutputError, match="cannot be kept there"):
        store.keep(large, BACKBONE, tasks)
    assert os.listdir(tasks) == [path.name]  # noqa: PTH208 - hidden ones too
    assert path.read_bytes() == before


def test_what_a_killed_run_left_is_cleared_away(tmp_path, make_head):
    left = tmp_path / ".colours.mobilenet_v2.npz.0badcafe.tmp"
    left.write_bytes(b"half")
    assert store.scan(tmp_path) == {}
    path = store.keep(make_head(), BACKBONE, tmp_path)
    assert os.listdir(tmp_path) == [path.name]  # noqa: PTH208


def test_a_run_gets_the_head_and_the_task_reads_it(tmp_path, make_head, model, features):
    store.keep(make_head(), BACKBONE, tmp_path)
    learned.check_tasks(["dogs", "colours"], tmp_path)
    ready = learned.with_learned(model, ["dogs", "colours"], tmp_path)
    assert set(ready.heads) == {*model.heads, "colours"}
    spec, seen = features
    task = Custom("colours", ready, spec, {}, top=5)
    assert task.labels == ("dark red", "sea_green")
    result = task.read(seen, FULL)
    assert result.task == "colours"
    odds = ready.heads["colours"].probabilities(seen.vector.real())
    assert result.presence == pytest.approx(1 - odds[2], abs=1e-5)
    assert sum(guess.score for guess in result.guesses) == pytest.approx(1)
    assert result.guesses[0].label == task.labels[int(odds[:2].argmax())]
    assert {guess.name for guess in result.guesses} == {"Dark red", "Sea green"}
    assert task.activation(seen).shape == (7, 7)
    assert 0 <= task.release <= task.threshold <= 1


def test_without_a_background_there_is_always_something(make_head, model, features, tmp_path):
    store.keep(make_head(background=False), BACKBONE, tmp_path)
    ready = learned.with_learned(model, ["colours"], tmp_path)
    spec, seen = features
    assert Custom("colours", ready, spec, {}).read(seen, FULL).presence == 1


def test_what_a_label_means_to_the_task(make_head, model, features, tmp_path):
    store.keep(make_head(), BACKBONE, tmp_path)
    ready = learned.with_learned(model, ["colours"], tmp_path)
    task = Custom("colours", ready, features[0], {})
    assert task.expected("Dark_Red") == "dark red"
    assert task.expected("none") is None
    assert task.expected("background") is None
    with pytest.raises(ModelError, match="did you mean sea_green"):
        task.expected("sea-gren")


def test_two_readers_share_the_scores(make_head, model, features, tmp_path):
    store.keep(make_head(), BACKBONE, tmp_path)
    ready = learned.with_learned(model, ["colours"], tmp_path)
    shared = {}
    Custom("colours", ready, features[0], shared)
    Custom("colours", ready, features[0], shared)
    assert list(shared) == ["colours"]


def test_a_task_of_another_backbone_says_with_which_it_runs(tmp_path, make_head, model):
    store.keep(make_head(), "efficientnet_lite0", tmp_path)
    with pytest.raises(ModelError, match=r"with efficientnet_lite0, not with mobilenet_v2: run it"):
        learned.with_learned(model, ["colours"], tmp_path)
    # Called as this backbone's, but made with another file.
    store.keep(make_head(sha256="b" * 64), BACKBONE, tmp_path)
    with pytest.raises(ModelError, match="made for the backbone bbbb"):
        learned.with_learned(model, ["colours"], tmp_path)


def test_an_unknown_task_is_refused_with_the_nearest(tmp_path, make_head):
    store.keep(make_head(), BACKBONE, tmp_path)
    with pytest.raises(ConfigError, match="did you mean colours"):
        learned.check_tasks(["colour"], tmp_path)


@pytest.mark.parametrize(
    "name", ["dogs", "classify", "list", "import", "", "a/b", "..", "a.b", "-a", "ü", "a" * 61]
)
def test_names_that_cannot_be(name):
    with pytest.raises(ConfigError):
        learned.check_name(name)


@pytest.mark.parametrize("name", ["birds", "my-birds", "B_2", "7up"])
def test_names_that_can_be(name):
    learned.check_name(name)


def test_a_task_moves_from_device_to_device(tmp_path, make_head):
    store.keep(make_head(), BACKBONE, tmp_path / "one")
    sent = tmp_path / "sent.npz"
    learned.export("colours", None, sent, tmp_path / "one")
    row = learned.take_in(sent, tmp_path, tmp_path / "two")
    assert row.path.read_bytes() == sent.read_bytes()
    assert store.scan(tmp_path / "two").keys() == {"colours"}
    with pytest.raises(ModelError, match="--replace"):
        learned.take_in(sent, tmp_path, tmp_path / "two")
    learned.take_in(sent, tmp_path, tmp_path / "two", again=True)


def test_of_several_backbones_one_has_to_be_named(tmp_path, make_head):
    for backbone in (BACKBONE, "other"):
        store.keep(make_head(), backbone, tmp_path)
    with pytest.raises(ConfigError, match="say which"):
        learned.export("colours", None, tmp_path / "out.npz", tmp_path)
    with pytest.raises(ConfigError, match="not taught with third"):
        learned.export("colours", "third", tmp_path / "out.npz", tmp_path)
    assert learned.export("colours", "other", tmp_path / "out.npz", tmp_path).backbone == "other"


def test_where_it_cannot_be_written_it_is_told(tmp_path, make_head):
    store.keep(make_head(), BACKBONE, tmp_path)
    with pytest.raises(OutputError, match="cannot be written"):
        learned.export("colours", None, tmp_path / "absent" / "out.npz", tmp_path)


def test_what_is_no_taught_task_is_not_taken_in(tmp_path, make_head, model):
    where = tmp_path / "tasks"
    sent = tmp_path / "sent.npz"
    with pytest.raises(ModelError, match="no such file"):
        learned.take_in(sent, tmp_path, where)
    sent.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ModelError, match="no head of edgevision, or damaged"):
        learned.take_in(sent, tmp_path, where)
    dogs = model.path.parent.parent / "heads" / "mobilenet_v2.dogs.npz"
    with pytest.raises(ModelError, match="none that `edgevision learn` made"):
        learned.take_in(dogs, tmp_path, where)
    for head, words in (
        (make_head("dogs"), "comes with the package"),
        (make_head("../evil"), "cannot be a task's name"),
        (make_head(backbone="../evil"), "none that `edgevision learn` made"),
        (make_head(sha256="c" * 64), "another mobilenet_v2"),
    ):
        store.write(head, tmp_path / "beside", sent)
        with pytest.raises((ModelError, ConfigError), match=words):
            learned.take_in(sent, tmp_path, where)
    assert not where.exists()


def test_a_damaged_task_is_listed_as_such(tmp_path, make_head):
    path = store.keep(make_head(), BACKBONE, tmp_path)
    path.write_bytes(path.read_bytes()[:300])
    (row,) = learned.rows(tmp_path)
    assert row.head is None
    assert "damaged" in row.problem
    assert row.to_dict()["labels"] is None
