from __future__ import annotations

from edgevision.cli.eval_plot import confusions
from edgevision.evaluation.answers import Answer, Evaluation
from edgevision.values.box import FULL
from edgevision.values.result import Guess, Result


def done(*pairs):
    answers = [
        Answer(label, Result("dogs", FULL, (Guess(guess, guess, 0.5),))) for label, guess in pairs
    ]
    return Evaluation(answers, 0.5, [], [])


def test_breeds_are_counted_by_their_kind():
    groups = {"cairn": "terrier", "airedale": "terrier", "pug": "toy"}
    names, counts = confusions(
        done(("cairn", "airedale"), ("cairn", "pug"), ("pug", "pug"), (None, "pug")), groups
    )
    assert names == ["terrier", "toy"]
    assert counts.tolist() == [[1, 1], [0, 1]]


def test_what_is_beyond_a_picture_is_drawn_together():
    pairs = [(f"class {number:02}", f"class {number:02}") for number in range(40)]
    names, counts = confusions(done(*pairs, ("class 39", "class 00"), ("class 39", "class 39")), {})
    assert len(names) == 24
    assert names[0] == "class 39"
    assert names[-1] == "all others"
    assert counts.sum() == 42
    assert counts[-1, -1] == 17
