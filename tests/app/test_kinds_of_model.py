"""Which task runs on which kind of model: the table in docs/models.md, row by row."""

from __future__ import annotations

import numpy as np
import pytest
from tiny import classifier

from edgevision.app.build import build_engine, build_tasks
from edgevision.config.schema import Settings
from edgevision.errors import ConfigError, EngineError, ModelError
from edgevision.pixels.prepare import Preparer
from edgevision.values.box import Box
from edgevision.zoo.heads import Head, save_head
from edgevision.zoo.labels import breeds, imagenet_labels
from edgevision.zoo.registry import find

BIRDS = "mobilenet_v2_1.0_224_inat_bird_quant"
EXTRACTOR = "mobilenet_v1_1.0_224_quant_embedding_extractor"
PICTURE = np.full((120, 160, 3), 90, np.uint8)


def answer(model, *tasks):
    """What the tasks say of a grey picture, on the CPU."""
    settings = Settings(task=tasks, engine={"device": "cpu"})
    engine = build_engine(settings, model)
    made = build_tasks(settings, model, engine.spec)
    prepare, whole = Preparer(engine.spec.input), Box(0, 0, 1, 1)
    features = engine.infer(lambda tensor: prepare(PICTURE, whole, tensor))
    return [task.read(features, whole) for task in made]


@pytest.mark.parametrize("name", ["efficientnet_lite0", "mobilenet_v2"])
def test_embedded_networks_do_both_tasks_by_their_heads(name):
    model = find(name)
    assert model.labels is None
    classes, dogs = answer(model, "classify", "dogs")
    assert len(classes.guesses) == len(dogs.guesses) == 5
    assert {guess.label for guess in dogs.guesses} <= set(breeds())


@pytest.mark.parametrize(
    "name",
    [
        "mobilenet_v1_0.25_128_quant",
        "mobilenet_v1_0.5_160_quant",
        "mobilenet_v1_0.75_192_quant",
        "mobilenet_v2_1.0_224_quant",
        "tf2_mobilenet_v2_1.0_224_ptq",
    ],
)
def test_classifiers_with_a_background_classify_and_dogs_are_sliced(shared, name):
    model = find(name, folder=shared / "models")
    assert len(model.labels) == 1001
    classes, dogs = answer(model, "classify", "dogs")
    assert {guess.label for guess in dogs.guesses} <= set(breeds())
    assert "background" not in {guess.label for guess in classes.guesses}


def test_classifiers_of_the_1000_classes_do_the_same(tmp_path):
    path = classifier(tmp_path / "m.tflite", classes=1000, labels="\n".join(imagenet_labels()))
    classes, dogs = answer(find(str(path)), "classify", "dogs")
    assert classes.presence == 1
    assert sum(guess.score for guess in dogs.guesses) <= 1


def test_birds_are_classified_and_are_no_dogs(shared):
    model = find(BIRDS, folder=shared / "models")
    (birds,) = answer(model, "classify")
    assert all("(" in guess.label for guess in birds.guesses)
    with pytest.raises(ModelError) as refused:
        answer(model, "dogs")
    assert str(refused.value) == (
        f"model {BIRDS} cannot do the task dogs: 'affenpinscher' is not among its 965 labels; use "
        "an ImageNet model, or the embedded ones"
    )


def test_classifiers_of_ones_own_classify_their_own_classes(tmp_path):
    path = classifier(tmp_path / "m.tflite", labels="jay\nrook\nchough\nraven\nmagpie\n")
    (crows,) = answer(find(str(path)), "classify")
    assert {guess.label for guess in crows.guesses} == {"jay", "rook", "chough", "raven", "magpie"}
    with pytest.raises(ModelError, match=r"cannot do the task dogs: .* among its 5 labels"):
        answer(find(str(path)), "dogs")


def test_an_embedding_extractor_needs_a_head(shared, tmp_path):
    folder = shared / "models"
    model = find(EXTRACTOR, folder=folder)
    with pytest.raises(ModelError) as refused:
        answer(model, "classify")
    assert str(refused.value) == (
        f"model {EXTRACTOR} has no head 'imagenet1k' (it has: dogs, landmarks) and no "
        "classifier of its own; give one as `model: {heads: {imagenet1k: FILE.npz}}`"
    )
    (dogs,) = answer(model, "dogs")
    assert len(dogs.guesses) == 5
    head = Head("imagenet1k", model.sha256, ("a", "b"), np.ones((2, 1024)), np.zeros(2))
    save_head(head, tmp_path / "head.npz")
    model = find(EXTRACTOR, heads={"imagenet1k": tmp_path / "head.npz"}, folder=folder)
    (classes,) = answer(model, "classify")
    assert {guess.label for guess in classes.guesses} == {"a", "b"}


def test_networks_for_the_edge_tpu_do_not_run_on_the_cpu(shared):
    for name in ("mobilenet_v1_0.25_128_quant_edgetpu", f"{EXTRACTOR}_edgetpu"):
        model = find(name, folder=shared / "models")
        with pytest.raises(EngineError) as refused:
            answer(model, "classify")
        assert "is compiled for the Edge TPU and needs its delegate" in str(refused.value)
        assert f"on the CPU run {name.removesuffix('_edgetpu')}" in str(refused.value)


def test_a_task_that_there_is_not_is_refused(shared):
    model = find("mobilenet_v1_0.25_128_quant", folder=shared / "models")
    with pytest.raises(ConfigError, match="task 'flowers' is not known; known: "):
        answer(model, "flowers")
