from __future__ import annotations

import numpy as np
import pytest

from edgevision.errors import ModelError
from edgevision.learning.background import load_background, measure, save_background
from edgevision.zoo.labels import DATA
from edgevision.zoo.registry import embedded, find

SHA = "a" * 64


@pytest.fixture
def vectors(random):
    """Features as a ReLU gives them: skewed, none below 0, and some go together."""
    hidden = random.standard_normal((500, 3)) @ random.standard_normal((3, 40))
    return np.square(np.maximum(0.4 + 0.3 * hidden + 0.1 * random.standard_normal((500, 40)), 0))


def test_what_is_drawn_has_the_mean_and_the_relations_of_what_was_measured(vectors):
    found = measure(vectors, SHA, 8)
    np.testing.assert_allclose(found.mean, vectors.mean(axis=0), atol=0.02)
    drawn = found.sample(4000, 1)
    assert drawn.shape == (4000, 40)
    assert drawn.min() >= 0
    np.testing.assert_allclose(np.sqrt(drawn).mean(0), np.sqrt(vectors).mean(0), atol=0.2)
    seen, kept = np.corrcoef(np.sqrt(vectors).T), np.corrcoef(np.sqrt(drawn).T)
    assert np.corrcoef(seen.ravel(), kept.ravel())[0, 1] > 0.95
    np.testing.assert_array_equal(drawn, found.sample(4000, 1))
    assert not np.array_equal(drawn, found.sample(4000, 2))


def test_the_file_gives_back_what_was_measured_and_is_always_the_same(vectors, tmp_path):
    found = measure(vectors, SHA, 8)
    for name in ("a.npz", "b.npz"):
        save_background(found, tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    loaded = load_background(tmp_path / "a.npz", SHA)
    np.testing.assert_array_equal(loaded.sample(5, 0), found.sample(5, 0))
    assert load_background(tmp_path / "a.npz", "b" * 64) is None
    assert load_background(tmp_path / "none.npz", SHA) is None


@pytest.mark.parametrize("cut", [0, 100, 1500])
def test_a_damaged_file_is_told(vectors, tmp_path, cut):
    save_background(measure(vectors, SHA, 8), tmp_path / "a.npz")
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:cut])
    with pytest.raises(ModelError, match="is damaged"):
        load_background(tmp_path / "a.npz", SHA)


@pytest.mark.parametrize("name", list(embedded()))
def test_every_embedded_network_has_its_background(name):
    model = find(name)
    background = load_background(DATA / "background" / f"{name}.npz", model.sha256)
    assert background is not None
    assert background.mean.shape == (model.heads["imagenet1k"].weights.shape[1],)
    # Of many photos together: far fewer directions than photos.
    assert len(background.basis) == 32
