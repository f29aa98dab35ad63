from __future__ import annotations

import numpy as np
import pytest
from tiny import classifier

from edgevision.engines.litert import LiteRt
from edgevision.errors import ModelError
from edgevision.kinds import load
from edgevision.pixels.photo import read_photo
from edgevision.pixels.prepare import Preparer
from edgevision.tasks import KINDS
from edgevision.tasks.classify import Classify
from edgevision.tasks.dogs import Dogs
from edgevision.values.box import FULL
from edgevision.zoo.registry import find

TENCH = "photos/imagenet/samples/n01440764.jpg"


def opened(use, **options):
    model = find(str(use), **options)
    return model, LiteRt(model.path, model.name, model.sha256)


def look(engine, pixels):
    prepare = Preparer(engine.spec.input)
    return engine.infer(lambda tensor: prepare(pixels, FULL, tensor))


@pytest.mark.parametrize("name", ["efficientnet_lite0", "mobilenet_v2"])
def test_two_tasks_read_one_inference_of_an_embedded_network(shared, name):
    model, engine = opened(name)
    shared_scores = {}
    classify, dogs = (kind(model, engine.spec, shared_scores) for kind in (Classify, Dogs))
    features = look(engine, read_photo(shared / TENCH))
    what = classify.read(features, FULL)
    assert what.guesses[0].label == "tench"
    assert what.guesses[0].name == "Tench"
    assert what.presence == 1
    assert len(what.guesses) == 5
    dog = dogs.read(features, FULL)
    assert dog.presence < 0.05
    assert sum(guess.score for guess in dog.guesses) <= 1 + 1e-6
    assert list(shared_scores) == ["imagenet1k"]


@pytest.mark.parametrize(
    "name", ["efficientnet_lite0", "models/mobilenet_v1_0.75_192_quant.tflite"]
)
def test_a_dog_is_a_dog_and_gets_its_breed(shared, name):
    use = shared / name if name.endswith("tflite") else name
    model, engine = opened(use)
    dogs = Dogs(model, engine.spec, {})
    rows = (shared / "photos/dogs/train/labels.csv").read_text().splitlines()[1:41]
    right = 0
    for row in rows:
        path, breed = row.split(",")
        result = dogs.read(look(engine, read_photo(shared / "photos/dogs/train" / path)), FULL)
        right += result.guesses[0].label == breed
    assert right >= 24


def test_the_background_class_is_no_guess_and_lowers_the_presence(shared):
    model, engine = opened(shared / "models/mobilenet_v2_1.0_224_inat_bird_quant.tflite")
    birds = Classify(model, engine.spec, {}, top=3)
    assert birds.scores.background == 964
    street = np.full((100, 100, 3), 127, np.uint8)
    result = birds.read(look(engine, street), FULL)
    assert all(guess.label != "background" for guess in result.guesses)
    assert len(result.guesses) == 3
    assert result.presence < 1


def test_dogs_needs_the_classes_of_imagenet(shared):
    model, engine = opened(shared / "models/mobilenet_v2_1.0_224_inat_bird_quant.tflite")
    with pytest.raises(ModelError, match="cannot do the task dogs"):
        Dogs(model, engine.spec, {})


def test_an_embedding_without_a_head_says_what_to_give(shared):
    model, engine = opened(shared / "models/mobilenet_v1_1.0_224_quant_embedding_extractor.tflite")
    with pytest.raises(ModelError, match=r"imagenet1k: FILE\.npz"):
        Classify(model, engine.spec, {})


def test_a_label_count_that_differs_from_the_outputs_is_refused(tmp_path):
    model, engine = opened(classifier(tmp_path / "m.tflite", labels="a\nb\nc\n"))
    with pytest.raises(ModelError, match="gives 5 scores but its label file has 3"):
        Classify(model, engine.spec, {})


def test_a_model_without_labels_says_where_they_could_lie(tmp_path):
    model, engine = opened(classifier(tmp_path / "m.tflite"))
    with pytest.raises(ModelError, match=r"m_labels\.txt"):
        Classify(model, engine.spec, {})


@pytest.mark.parametrize("dtype", ["uint8", "int8", "float32"])
def test_a_network_of_any_input_type_and_size_names_the_colour(tmp_path, dtype):
    labels = "red\ngreen\nblue\ndull red\ndull green\n"
    model, engine = opened(classifier(tmp_path / "m.tflite", dtype=dtype, labels=labels))
    colours = Classify(model, engine.spec, {}, top=2)
    for channel, name in enumerate(("red", "green", "blue")):
        pixels = np.zeros((20, 30, 3), np.uint8)
        pixels[..., channel] = 255
        result = colours.read(look(engine, pixels), FULL)
        assert result.guesses[0].label == name
        assert 0 < result.guesses[0].score <= 1


def test_what_a_label_of_a_photo_means():
    model, engine = opened("mobilenet_v2")
    scores = {}
    classify, dogs = (kind(model, engine.spec, scores) for kind in (Classify, Dogs))
    assert classify.expected("0") == "tench"
    assert classify.expected("Tinca_tinca") == "tench"
    assert classify.expected("none") is None
    with pytest.raises(ModelError, match="did you mean tench"):
        classify.expected("tennch")
    assert dogs.expected("Golden_Retriever") == "golden retriever"
    assert dogs.expected("207") == "golden retriever"
    assert dogs.expected("0") is None
    assert dogs.expected("tench") is None
    assert dogs.expected("none") is None
    with pytest.raises(ModelError, match="did you mean beagle"):
        dogs.expected("beegle")


def test_an_index_leaves_the_background_out(shared):
    model, engine = opened(shared / "models/mobilenet_v1_0.25_128_quant.tflite")
    assert Classify(model, engine.spec, {}).expected("0") == "tench"


def test_the_activation_lights_up_where_the_dog_is(shared):
    model, engine = opened("efficientnet_lite0")
    dogs = Dogs(model, engine.spec, {})
    rows = (shared / "photos/dogs/train/labels.csv").read_text().splitlines()[1:9]
    inside = 0
    for row in rows:
        dog = read_photo(shared / "photos/dogs/train" / row.split(",")[0])
        scene = np.full((400, 400, 3), 110, np.uint8)
        scene[200:400, 0:200] = dog[:200, :200] if min(dog.shape[:2]) >= 200 else 110
        lit = dogs.activation(look(engine, scene))
        down, across = np.unravel_index(lit.argmax(), lit.shape)
        inside += down >= 3 and across <= 3
    assert inside >= 6


def test_an_end_to_end_network_has_no_activation(shared):
    model, engine = opened(shared / "models/mobilenet_v1_0.25_128_quant.tflite")
    dogs = Dogs(model, engine.spec, {})
    assert dogs.activation(look(engine, np.zeros((9, 9, 3), np.uint8))) is None


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_of_task_keeps_the_protocol(kind):
    model, engine = opened("mobilenet_v2")
    task = load(KINDS, kind, "task")(model, engine.spec, {})
    assert task.name == kind
    assert 0 <= task.release <= task.threshold <= 1
    result = task.read(look(engine, np.full((50, 80, 3), 90, np.uint8)), FULL)
    assert result.task == kind
    assert 0 <= result.presence <= 1
    scores = [guess.score for guess in result.guesses]
    assert scores == sorted(scores, reverse=True)
    assert task.expected("none") is None
