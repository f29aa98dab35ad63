from __future__ import annotations

import json

import pytest

from edgevision.evaluation.answers import Answer, Evaluation
from edgevision.values.box import FULL
from edgevision.values.result import Guess, Result


def answer(label, *guesses, presence=1.0, score=0.5):
    found = tuple(
        Guess(name, name.title(), score / (place + 1)) for place, name in enumerate(guesses)
    )
    return Answer(label, Result("dogs", FULL, found, presence))


ANSWERS = [
    answer("pug", "pug", "boxer", score=0.9),
    answer("pug", "boxer", "pug", score=0.9),
    answer("pug", "boxer", "pug", score=0.9),
    answer("boxer", "boxer", "pug", score=0.9, presence=0.2),
    answer("chow", "collie", "pug", "boxer", "briard", "saluki", "chow"),
    answer(None, "pug", presence=0.7),
    answer(None, "pug", presence=0.1),
]


@pytest.fixture
def done():
    return Evaluation(ANSWERS, 0.5, [3.0] * len(ANSWERS), ["x.jpg: no photo"])


def test_shares_count_the_photos_that_they_are_about(done):
    assert (done.top1.hits, done.top1.n) == (2, 5)
    assert (done.top5.hits, done.top5.n) == (4, 5)
    assert (done.accepted.hits, done.accepted.n) == (4, 5)
    assert (done.absent.hits, done.absent.n) == (1, 2)


def test_labels_come_worst_first_and_confusions_most_frequent_first(done):
    assert [(label, share.hits, share.n) for label, share in done.by_label] == [
        ("chow", 0, 1),
        ("pug", 1, 3),
        ("boxer", 1, 1),
    ]
    assert done.mistakes.most_common(1) == [(("pug", "boxer"), 2)]


def test_calibration_is_of_photos_that_show_a_class(done):
    found = done.to_dict()["calibration"]
    assert found["n"] == 5
    # Four answers at 0.9, half of them right, and one at 0.5 that is wrong.
    assert found["ece"] == pytest.approx((4 * 0.4 + 0.5) / 5, abs=1e-4)
    assert 0 < found["ece_by_chance"] < 0.5
    assert [(one["n"], one["accuracy"]) for one in found["bins"]] == [(1, 0), (4, 0.5)]


def test_json_has_all_of_it(done):
    told = json.loads(json.dumps(done.to_dict()))
    assert told["labels"][0] == {"label": "chow", "n": 1, "right": 0}
    assert told["confusions"][0] == {"label": "pug", "guess": "boxer", "n": 2}
    assert told["skipped"] == ["x.jpg: no photo"]


def test_without_any_photo_nothing_is_claimed():
    found = Evaluation([], 0.5, [], []).to_dict()
    assert found["top1"] is None
    assert found["calibration"] == {"n": 0, "ece": None, "ece_by_chance": None, "bins": []}
