from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.errors import ModelError
from edgevision.zoo.labels import (
    background_class,
    breed_groups,
    breeds,
    canonical,
    display_name,
    imagenet_labels,
    parse_labels,
    positions,
    read_labels,
    short_names,
)


def test_labels_compare_ignoring_case_and_separators():
    assert canonical("Golden_Retriever") == canonical("golden-retriever") == "goldenretriever"


@given(st.binary(max_size=200))
def test_any_bytes_are_labels_or_a_clear_error(content):
    try:
        labels = parse_labels(content, "here")
    except ModelError as error:
        assert str(error).startswith("here: ")  # noqa: PT017 - both outcomes are right
    else:
        assert labels


def test_a_byte_order_mark_and_a_last_empty_line_do_not_count():
    assert parse_labels(b"\xef\xbb\xbfcat\r\ndog\n\n", "x") == ("cat", "dog")


def test_a_missing_label_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"none\.txt"):
        read_labels(tmp_path / "none.txt")


@pytest.mark.parametrize(
    ("labels", "index"),
    [
        (("background", "cat"), 0),
        (("finch", "Background"), 1),
        (("???", "x"), 0),
        (("a", "b"), None),
    ],
)
def test_the_background_class_is_told_by_its_name(labels, index):
    assert background_class(labels) == index


def test_short_names_of_imagenet_are_unique():
    names = short_names(imagenet_labels())
    assert len(names) == 1000
    assert len({canonical(name) for name in names}) == 1000
    assert names[0] == "tench"
    assert names[134] == "crane"
    assert names[517] == "crane (class 517)"


def test_a_synonym_finds_its_class():
    found = positions(imagenet_labels())
    assert found["tincatinca"] == 0
    assert found["goldenretriever"] == 207


def test_the_breeds_are_those_of_the_test_material(shared):
    rows = (shared / "photos/dogs/breeds.csv").read_text().splitlines()[1:]
    assert {row.split(",")[0]: int(row.split(",")[2]) for row in rows} == breeds()


def test_the_breeds_classes_are_called_so():
    for breed, index in breeds().items():
        names = {canonical(word) for word in imagenet_labels()[index].split(",")}
        assert canonical(breed) in names


def test_every_breed_is_of_a_kind():
    kinds = breed_groups()
    assert list(kinds) == list(breeds())
    assert 15 <= len(set(kinds.values())) <= 30
    for breed, kind in kinds.items():
        if breed.split()[-1] in {"spaniel", "retriever", "setter", "terrier", "poodle", "pinscher"}:
            # A Japanese spaniel is a chin, a Tibetan terrier is none.
            assert kind == breed.split()[-1] or breed in {"japanese spaniel", "tibetan terrier"}


def test_people_read_words():
    assert display_name("golden_retriever") == "Golden retriever"
    assert display_name("Afghan hound") == "Afghan hound"
