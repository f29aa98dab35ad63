from __future__ import annotations

import numpy as np
import pytest

from edgevision.learning.background import measure
from edgevision.learning.imprint import imprint
from edgevision.learning.linear import space_of
from edgevision.learning.teach import STRENGTHS, Lesson, teach

WIDE = 60
SHA = "a" * 64


def world(random, count):
    """Means of classes, and what other photos look like."""
    means = np.square(random.standard_normal((count, WIDE)))
    others = np.square(random.standard_normal((300, WIDE)))
    return means, measure(others, SHA, 16)


def lesson(random, means, sizes, noise=0.5, absent=0):
    """Vectors around the means; `absent` more of none of them."""
    classes = np.repeat(np.arange(len(means)), sizes)
    vectors = np.maximum(means[classes] + noise * random.standard_normal((len(classes), WIDE)), 0)
    none = np.square(random.standard_normal((absent, WIDE)))
    vectors = np.concatenate((vectors, none)).astype(np.float32)
    classes = np.concatenate((classes, np.full(absent, len(means))))
    return Lesson(vectors, classes, np.arange(len(classes)), len(means))


@pytest.mark.parametrize(("photos", "method"), [(1, None), (4, None), (5, "regression"), (20, "r")])
def test_few_photos_are_imprinted_and_many_learnt(random, photos, method):
    means, background = world(random, 5)
    taught = teach(lesson(random, means, photos), background)
    assert (taught.plan.strength is None) == (method is None)
    assert method is None or taught.plan.strength in STRENGTHS
    assert taught.has_none
    asked = lesson(random, means, 40)
    logits = taught.linear.logits(asked.vectors) / taught.plan.temperature
    assert (logits[:, :5].argmax(1) == asked.classes).mean() > 0.9
    assert (logits.argmax(1) < 5).mean() > 0.8
    others = np.square(random.standard_normal((200, WIDE)))
    assert (taught.linear.logits(others).argmax(1) == 5).mean() > 0.8


def test_the_truth_is_about_photos_that_were_not_learnt(random):
    # Labels by chance: whoever had learnt the answers would be right.
    vectors = np.square(random.standard_normal((200, WIDE))).astype(np.float32)
    classes = np.arange(200) % 2
    taught = teach(Lesson(vectors, classes, np.arange(200), 2))
    assert taught.held.sum() == 40
    assert len(taught.truth.right) == 40
    assert 0.2 < taught.truth.right.mean() < 0.8
    learnt = taught.linear.logits(vectors).argmax(1) == classes
    assert learnt[taught.held].mean() > taught.truth.right.mean() + 0.1


def test_of_one_photo_a_class_nothing_is_known(random):
    means, background = world(random, 3)
    taught = teach(lesson(random, means, 1), background)
    assert taught.truth is None
    assert not taught.held.any()


def test_without_a_background_there_is_no_none_unless_photos_show_it(random):
    means, _ = world(random, 3)
    taught = teach(lesson(random, means, 8))
    assert not taught.has_none
    assert taught.linear.weights.shape == (3, WIDE)
    assert taught.truth.seen.all()
    shown = teach(lesson(random, means, 8, absent=20))
    assert shown.has_none
    assert shown.linear.weights.shape == (4, WIDE)
    assert (~shown.truth.of_a_class).sum() == 4
    others = np.square(random.standard_normal((200, WIDE)))
    assert (shown.linear.logits(others).argmax(1) == 3).mean() > 0.6


@pytest.mark.parametrize("photos", [1, 3, 8])
def test_one_class_can_be_told_from_none(random, photos):
    means, background = world(random, 1)
    taught = teach(lesson(random, means, photos, absent=6), background)
    asked = lesson(random, means, 30)
    assert (taught.linear.logits(asked.vectors).argmax(1) == 0).mean() > 0.8


@pytest.mark.parametrize("photos", [2, 8])
def test_the_same_photos_give_the_same_numbers(random, photos):
    means, background = world(random, 4)
    album = lesson(random, means, photos)
    one, other = teach(album, background), teach(album, background)
    np.testing.assert_array_equal(one.linear.weights, other.linear.weights)
    np.testing.assert_array_equal(one.linear.bias, other.linear.bias)
    assert one.plan == other.plan


def test_a_class_with_few_photos_counts_as_much_as_one_with_many(random):
    means, background = world(random, 3)
    sizes = np.array([60, 60, 5])
    taught = teach(lesson(random, means, sizes, noise=1.2), background)
    asked = lesson(random, means, 60, noise=1.2)
    right = taught.linear.logits(asked.vectors)[:, :3].argmax(1) == asked.classes
    assert right[asked.classes == 2].mean() > 0.7


def test_imprinted_weights_are_normalised_means_of_normalised_embeddings():
    vectors = np.array([[3.0, 1.0], [1.0, 1.0], [1.0, 5.0]])
    space = space_of(vectors, np.array([1.0, 1.0]) - 1e-9)
    found = imprint(vectors[[0, 2]], np.array([0, 1]), 2, space)
    np.testing.assert_allclose(found.weights * space.radius, [[20, 0], [0, 20]], rtol=1e-3)
    np.testing.assert_allclose(found.logits(np.array([[1.0, 1.0]])), 0, atol=1e-3)
