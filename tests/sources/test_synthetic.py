"""The seeded pattern."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from edgevision.sources.uri import make


def read(text, most=100):
    with make(text) as source:
        return list(islice(source, most))


def test_same_seed_same_pixels_another_seed_another_picture():
    one, same, other = (
        read(f"synthetic:?width=64&height=48&frames=5&seed={seed}") for seed in (3, 3, 4)
    )
    assert len(one) == 5
    assert all((a.pixels == b.pixels).all() for a, b in zip(one, same, strict=True))
    assert (one[0].pixels != other[0].pixels).any()


def test_known_pixels():
    """So that it stays the same from version to version, and on every machine."""
    (frame,) = read("synthetic:?width=32&height=16&frames=1&seed=1")
    assert frame.pixels.shape == (16, 32, 3)
    assert int(frame.pixels.astype(np.int64).sum()) == 140875


def test_something_moves_and_the_ground_stays():
    frames = read("synthetic:?width=160&height=90&frames=40")
    changed = (frames[0].pixels != frames[39].pixels).any(axis=2)
    assert 0.02 < changed.mean() < 0.5
    assert [frame.seconds for frame in frames[:3]] == pytest.approx([0, 1 / 30, 2 / 30])


@pytest.mark.parametrize(("width", "height"), [(16, 16), (17, 5000), (1920, 1080)])
def test_sizes(width, height):
    frames = read(f"synthetic:?width={width}&height={height}&frames=3")
    assert {frame.pixels.shape for frame in frames} == {(height, width, 3)}


def test_live_is_paced_and_dated():
    frames = read("synthetic:?live=1&fps=200&frames=5&width=16&height=16")
    assert all(frame.taken_at.tzinfo is not None for frame in frames)
    gaps = np.diff([frame.seconds for frame in frames])
    assert (gaps >= 0).all()
    assert frames[-1].seconds - frames[0].seconds >= 4 / 200 - 0.005
