"""Accuracy on crops of photos that wander as the frames of a hand-held camera do, and of votes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from measuring import test_data

from edgevision.app.build import build_network
from edgevision.cli.flags import settings_from
from edgevision.evaluation.run import read_truth
from edgevision.pixels.photo import read_photo
from edgevision.values.box import Box
from edgevision.zoo.labels import breeds

if TYPE_CHECKING:
    from collections.abc import Mapping


# By task: where its photos lie, and each how many of them is taken.
_SETS: Final = {"dogs": ("dogs/train", 3), "classify": ("imagenet/val", 2)}
_FRAMES: Final = 5
_SMALLEST: Final = 0.8  # side of a crop, of that of the photo's middle square
_SHAKE: Final = 0.08  # standard deviation of its place, of the same
_SEED: Final = 5
_DALMATIAN: Final = 251


def wander(model: str, side: int, limit: int | None) -> dict[str, Any]:
    """By task: how many single frames are right, and how many votes of five, of how many."""
    return {task: _wander(model, side, task, limit) for task in _SETS}


def _wander(model: str, side: int, task: str, limit: int | None) -> dict[str, Any]:
    given = {"model": model, "model.resolution": side, "decide.top": 100}
    network = build_network(settings_from(None, task=task, **given))
    (reader,) = network.tasks
    folder, step = _SETS[task]
    truth = read_truth(test_data("photos", folder), reader)
    if task == "classify":
        dogs = {reader.expected(str(index)) for index in (*breeds().values(), _DALMATIAN)}
        truth = [(path, label) for path, label in truth if label not in dogs]
    # The same crops at every side.
    random = np.random.default_rng(_SEED)
    ones, fives = 0.0, 0
    chosen = truth[::step][:limit]
    for path, label in chosen:
        pixels = read_photo(path)
        votes: dict[str, float] = {}
        for _ in range(_FRAMES):
            box = _box(random, *pixels.shape[:2])
            result = reader.read(network.engine.infer(partial(network.prepare, pixels, box)), box)
            ones += (result.guesses[0].label == label) / _FRAMES
            for guess in result.guesses:
                votes[guess.label] = votes.get(guess.label, 0.0) + guess.score
        fives += best(votes) == label
    return {"n": len(chosen), "one": round(ones), "five": fives}


def best(votes: Mapping[str, float]) -> str:
    return max(votes, key=lambda label: votes[label])


def _box(random: np.random.Generator, height: int, width: int) -> Box:
    """A square near the middle."""
    whole = min(height, width)
    side = whole * random.uniform(_SMALLEST, 1.0)
    left = np.clip((width - side) / 2 + random.normal(0, _SHAKE) * whole, 0, width - side)
    top = np.clip((height - side) / 2 + random.normal(0, _SHAKE) * whole, 0, height - side)
    return Box(float(left / width), float(top / height), side / width, side / height)
