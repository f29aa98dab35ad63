from __future__ import annotations

from dataclasses import replace

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
from edgevision.zoo.labels import breed_groups
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


def a_dog(shared):
    return read_photo(next((shared / "photos/dogs/train").glob("*.jpg")))


def with_background(model, **changes):
    """The breeds' head with a class for what is no dog, and no head for ImageNet's classes."""
    breeds = model.heads["dogs"]
    rows = np.vstack([breeds.weights, np.zeros(breeds.weights.shape[1])])
    head = replace(
        breeds,
        labels=(*breeds.labels, "background"),
        weights=rows,
        bias=np.append(breeds.bias, changes.pop("bias", 5.0)),
        parent="",
        rows=(),
    )
    return replace(model, heads={"dogs": head}, **changes)


def test_a_head_with_a_background_class_does_without_the_classes_of_imagenet(shared):
    model, engine = opened("efficientnet_lite0")
    dogs = Dogs(with_background(model), engine.spec, {})
    plain = Dogs(model, engine.spec, {})
    assert len(dogs.labels) == 120
    assert "background" not in dogs.labels
    features = look(engine, a_dog(shared))
    found, same = dogs.read(features, FULL), plain.read(features, FULL)
    assert found.presence > 0.5
    # Given that it is a dog, it is the same one.
    assert found.guesses[0].label == same.guesses[0].label
    assert found.guesses[0].score == pytest.approx(same.guesses[0].score, abs=1e-4)
    assert dogs.activation(features).shape == plain.activation(features).shape
    sure_of_none = Dogs(with_background(model, bias=50.0), engine.spec, {})
    assert sure_of_none.read(features, FULL).presence < 0.01
    assert dogs.expected("none") is None


def test_the_group_is_the_sum_of_its_breeds(shared):
    model, engine = opened("efficientnet_lite0")
    dogs = Dogs(model, engine.spec, {}, top=120)
    found = dogs.read(look(engine, a_dog(shared)), FULL)
    kinds = breed_groups()
    of_it = [guess.score for guess in found.guesses if kinds[guess.label] == found.group.label]
    assert found.group.score == pytest.approx(sum(of_it), abs=1e-4)


def test_scores_are_those_of_the_temperature_for_the_input(shared):
    pixels = read_photo(shared / TENCH)
    for side in (128, 224):
        model = find("efficientnet_lite0")
        engine = LiteRt(model.path, model.name, model.sha256, resolution=side)
        hot = {"imagenet1k": replace(model.heads["imagenet1k"], temperatures={128: 50.0, 224: 0.5})}
        classify = Classify(replace(model, heads=hot), engine.spec, {})
        found = classify.read(look(engine, pixels), FULL).guesses[0].score
        assert found < 0.1 if side == 128 else found > 0.5
        engine.close()


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


def test_breeds_on_the_backbone_of_coral(shared):
    name = "mobilenet_v1_1.0_224_quant_embedding_extractor"
    model, engine = opened(name, folder=shared / "models")
    dogs = Dogs(model, engine.spec, {})
    assert len(dogs.labels) == 120
    rows = (shared / "photos/dogs/train/labels.csv").read_text().splitlines()[1:41]
    right = 0
    for row in rows:
        path, breed = row.split(",")
        found = dogs.read(look(engine, read_photo(shared / "photos/dogs/train" / path)), FULL)
        right += found.presence > 0.5 and found.guesses[0].label == breed
    assert right >= 24
    assert dogs.read(look(engine, read_photo(shared / TENCH)), FULL).presence < 0.5
