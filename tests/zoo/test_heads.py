"""Heads: what they compute, and what files they accept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgevision.errors import ModelError
from edgevision.zoo.heads import Head, joined, load_head, save_head, softmax

if TYPE_CHECKING:
    from pathlib import Path

SHA = "ab" * 32


def head(classes: int = 3, features: int = 4, **changes: Any) -> Head:
    random = np.random.default_rng(5)
    values: dict[str, Any] = {
        "name": "letters",
        "backbone_sha256": SHA,
        "labels": tuple("abcdefghij"[:classes]),
        "weights": random.normal(size=(classes, features)),
        "bias": random.normal(size=classes),
        "provenance": {"source": "drawn at random"},
    }
    return Head(**{**values, **changes})


def test_logits_are_the_product_and_the_bias() -> None:
    one = head(weights=[[1, 0, 0, 2], [0, 3, 0, 0], [0, 0, 0, 0]], bias=[0.5, 0, -1])
    np.testing.assert_allclose(one.logits(np.array([1.0, 2.0, 3.0, 4.0])), [9.5, 6, -1])
    assert one.logits(np.zeros((7, 4))).shape == (7, 3)


def test_joined_heads_give_the_mean_of_both_logits_and_temperatures() -> None:
    one = head(temperature=0.5, temperatures={224: 0.5, 256: 0.25})
    other = head(features=2, temperature=1.5, temperatures={256: 0.75})
    both = joined(one, other)
    first, second = np.arange(4.0), np.array([3.0, -1.0])
    np.testing.assert_allclose(
        both.logits(np.concatenate([first, second])),
        (one.logits(first) + other.logits(second)) / 2,
        rtol=1e-5,
    )
    assert both.temperature == 1.0
    assert both.temperatures == {256: 0.5}
    with pytest.raises(ModelError, match="the same labels"):
        joined(one, head(classes=2))


def test_the_activation_map_is_highest_where_the_class_is_and_averages_to_the_logit() -> None:
    one = head()
    feature_map = np.zeros((5, 6, 4))
    feature_map[1, 4] = one.weights[2]
    found = one.activation_map(feature_map, 2)
    assert found.shape == (5, 6)
    assert np.unravel_index(found.argmax(), found.shape) == (1, 4)
    logit = one.logits(feature_map.mean(axis=(0, 1)))[2]
    assert found.mean() + one.bias[2] == pytest.approx(float(logit), rel=1e-5)


def test_softmax_does_not_overflow_and_sums_to_one() -> None:
    found = softmax(np.array([[1e4, 1e4, -1e4], [-1e4, 0, 1]]))
    np.testing.assert_allclose(found, [[0.5, 0.5, 0], [0, 0.2689414, 0.7310586]], atol=1e-6)


def test_temperature_softens_without_changing_the_order() -> None:
    vector = np.arange(4.0)
    sharp, soft = head().probabilities(vector), head(temperature=5.0).probabilities(vector)
    assert soft.max() < sharp.max()
    np.testing.assert_array_equal(soft.argsort(), sharp.argsort())


def test_weights_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        head().weights[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        head().bias[0] = 1


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    before = head(temperature=1.5, parent="all", rows=(7, 1, 3))
    save_head(before, tmp_path / "head.npz")
    after = load_head(tmp_path / "head.npz", SHA)
    np.testing.assert_allclose(after.weights, before.weights, rtol=1e-3)
    np.testing.assert_array_equal(after.bias, before.bias)
    for name in ("name", "labels", "provenance", "temperature", "parent", "rows"):
        assert getattr(after, name) == getattr(before, name)


def test_eight_bits_lose_little_and_reading_and_writing_again_loses_nothing(tmp_path: Path) -> None:
    before = head(classes=5, features=200, weights=np.random.default_rng(1).normal(size=(5, 200)))
    before = replace(before, weights=np.vstack([before.weights[:4], np.zeros((1, 200))]))
    first, second, plain = (tmp_path / name for name in ("a.npz", "b.npz", "c.npz"))
    save_head(before, first, small=True)
    after = load_head(first, SHA)
    for row, read in zip(before.weights, after.weights, strict=True):
        np.testing.assert_allclose(read, row, atol=np.abs(row).max() / 250)
    save_head(after, second, small=True)
    assert first.read_bytes() == second.read_bytes()
    save_head(before, plain)
    assert first.stat().st_size < plain.stat().st_size - 700


def test_a_head_of_rows_takes_its_weights_from_its_parent_beside_it(tmp_path: Path) -> None:
    parent = head(name="all")
    child = head(
        classes=2,
        parent="all",
        rows=(2, 0),
        weights=parent.weights[[2, 0]],
        bias=parent.bias[[2, 0]],
    )
    save_head(child, tmp_path / "net.letters.npz", rows_of_parent=True)
    with pytest.raises(ModelError, match="its parent 'all' does not lie beside it"):
        load_head(tmp_path / "net.letters.npz", SHA)
    save_head(head(name="all", backbone_sha256="cd" * 32), tmp_path / "net.all.npz", small=True)
    with pytest.raises(ModelError, match="made for another backbone"):
        load_head(tmp_path / "net.letters.npz", SHA)
    save_head(parent, tmp_path / "net.all.npz", small=True)
    both = [load_head(tmp_path / f"net.{name}.npz", SHA) for name in ("all", "letters")]
    np.testing.assert_array_equal(both[1].weights, both[0].weights[[2, 0]])
    assert (tmp_path / "net.letters.npz").stat().st_size < 1500


def test_the_same_head_is_saved_in_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.npz", "two.npz"):
        save_head(head(), tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_a_head_of_another_backbone_is_refused_with_both_digests(tmp_path: Path) -> None:
    save_head(head(), tmp_path / "head.npz")
    with pytest.raises(ModelError, match=r"head\.npz: made for the backbone abab.* not for cdcd"):
        load_head(tmp_path / "head.npz", "cd" * 32)


def test_a_missing_head_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.npz: there is no such head"):
        load_head(tmp_path / "none.npz", SHA)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"bias": [0, 0]}, "do not fit together"),
        ({"labels": ("a", "b")}, "do not fit together"),
        ({"weights": [1, 2, 3]}, "do not fit together"),
        ({"rows": (1, 2)}, "2 rows for 3 labels"),
        ({"bias": [0, np.nan, 0]}, "not finite"),
        ({"temperature": 0.0}, "not above 0"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelError, match=says):
        head(**changes)


@settings(
    max_examples=400,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_a_damaged_file_gives_an_error_or_the_same_head(
    tmp_path: Path, data: st.DataObject
) -> None:
    path = tmp_path / "head.npz"
    save_head(head(), path)
    good = load_head(path, SHA)
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans(), label="cut"):
        content = content[: data.draw(st.integers(0, len(content) - 1), label="length")]
    else:
        for _ in range(data.draw(st.integers(1, 3), label="bytes")):
            place = data.draw(st.integers(0, len(content) - 1), label="place")
            content[place] = data.draw(st.integers(0, 255), label="value")
    path.write_bytes(content)
    said, found = "", good
    try:
        found = load_head(path, SHA)
    except ModelError as error:
        said = str(error)
    assert not said or (str(path) in said and "\n" not in said)
    np.testing.assert_array_equal(found.weights, good.weights)
    assert found.labels == good.labels


def test_a_temperature_holds_for_the_side_it_was_found_at_and_those_near_it(tmp_path: Path) -> None:
    before = head(temperature=1.5, temperatures={128: 2.0, 224: 0.8, 256: 0.5})
    save_head(before, tmp_path / "head.npz")
    after = load_head(tmp_path / "head.npz", SHA)
    assert after.temperatures == before.temperatures
    assert [after.temperature_at(side) for side in (32, 128, 224, 250, 512, None)] == [
        *(2.0, 2.0, 0.8, 0.5, 0.5, 1.5)
    ]
    vector = np.arange(4.0)
    np.testing.assert_allclose(
        after.probabilities(vector, 256), softmax(after.logits(vector) / 0.5), rtol=1e-5
    )
    assert head(temperature=3.0).temperature_at(256) == 3.0


def test_a_temperature_of_a_side_is_above_zero() -> None:
    with pytest.raises(ModelError, match="temperature 0 is not above 0"):
        head(temperatures={224: 0})
