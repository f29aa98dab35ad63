from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.zoo.label_formats import LabelFormatError, read

THREE = ("tench", "great white shark", "crane")
KERAS = """{"0": ["n01440764", "tench"], "1": ["n01484850", "great white shark"],
            "2": ["n02012849", "crane"]}"""
ROWS = """[{"id": 1, "name": "great white shark"}, {"id": 0, "name": "tench"},
           {"id": 2, "name": "crane"}]"""
# What a label can be in every format: it has a letter, and none of the formats' own signs.
LABELS = st.lists(
    st.from_regex(r"[a-zà-ü]([a-zà-ü .'-]{0,12}[a-zà-ü])?", fullmatch=True).filter(
        lambda label: label not in {"label", "class", "name", "id", "index"}
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ("tench\ngreat white shark\ncrane\n", ".txt"),
        ("tench\r\ngreat white shark\r\ncrane", ""),
        ("0 tench\n1 great white shark\n2 crane\n", ".txt"),
        ("0  tench\n1  great white shark\n2  crane\n", ".txt"),
        ("0:tench\n1:great white shark\n2:crane\n", ".txt"),
        ("0: tench\n1: great white shark\n2: crane\n", ""),
        ("0\ttench\n1\tgreat white shark\n2\tcrane\n", ""),
        ("0,tench\n1,great white shark\n2,crane\n", ""),
        ("2 crane\n0 tench\n\n1 great white shark\n", ""),
        ("1 tench\n2 great white shark\n3 crane\n", ""),
        ('["tench", "great white shark", "crane"]', ".json"),
        ('["tench", "great white shark", "crane"]', ""),
        ('{"0": "tench", "2": "crane", "1": "great white shark"}', ".json"),
        ('{"tench": 0, "crane": 2, "great white shark": 1}', ".json"),
        ('{"labels": ["tench", "great white shark", "crane"], "version": 1}', ".json"),
        ('{"id2label": {"0": "tench", "1": "great white shark", "2": "crane"}}', ".json"),
        (KERAS, ".json"),
        (ROWS, ".json"),
        ("index,label\n0,tench\n1,great white shark\n2,crane\n", ".csv"),
        ("id,name\n2,crane\n0,tench\n1,great white shark\n", ".csv"),
        ("label,name\n0,tench\n1,great white shark\n2,crane\n", ".csv"),
        ('Class ID,Class Name\n0,"tench"\n1,great white shark\n2,crane\n', ""),
        ("index;label\n0;tench\n1;great white shark\n2;crane\n", ".csv"),
        ("index\tlabel\n0\ttench\n1\tgreat white shark\n2\tcrane\n", ".tsv"),
        ("0,tench\n1,great white shark\n2,crane\n", ".csv"),
        ("name\ntench\ngreat white shark\ncrane\n", ".csv"),
        ("tench\ngreat white shark\ncrane\n", ".csv"),
        ("id,label\nn01,tench\nn02,great white shark\nn03,crane\n", ".csv"),
    ],
)
def test_every_form_gives_the_same_labels(text, suffix):
    assert read(text, suffix) == THREE


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("background\ntench, Tinca tinca\n", ("background", "tench, Tinca tinca")),
        ("1\n2\n3\n", ("1", "2", "3")),
        ("1 cent\n2 cent\n5 cent\n", ("1 cent", "2 cent", "5 cent")),
        ("7 up\n9 lives\n", ("7 up", "9 lives")),
        ("1 euro\n1 cent\n", ("1 euro", "1 cent")),
        ("[unknown]\ncat\n", ("[unknown]", "cat")),
        ("0 tench, Tinca tinca\n1 crane\n", ("tench, Tinca tinca", "crane")),
        ("0,tench, Tinca tinca\n1,crane\n", ("tench, Tinca tinca", "crane")),
    ],
)
def test_labels_that_look_like_another_form_are_left_as_they_are(text, labels):
    assert read(text) == labels


@pytest.mark.parametrize(
    ("text", "suffix", "says"),
    [
        ("", "", "has no labels"),
        (" \n\n", ".csv", "has no labels"),
        (",,\n,,\n", ".csv", "has no labels"),
        ("{", ".json", "is no JSON"),
        ("[" * 20_000, ".json", "nested too deeply"),
        ("[]", ".json", "holds no labels"),
        ("{}", ".json", "holds no labels"),
        ("3", ".json", "holds no labels"),
        ("[1, 2]", ".json", "item 0 holds 1; expected a label"),
        ('{"0": "a", "2": "b"}', ".json", r"no label for index 1 \(the last is 2\)"),
        ('{"a": 0, "b": 0}', ".json", "index 0 twice: 'a' and 'b'"),
        ('{"5": "a"}', ".json", "begins with index 5; expected 0"),
        ('{"cat": "a"}', ".json", "'cat' is no index"),
        ('{"a": -1, "b": 0}', ".json", "begins with index -1"),
        ('[{"wnid": "a"}]', ".json", "no column with labels among wnid"),
        ('[{"name": 3}]', ".json", "row 1 holds 3"),
        ("index,label\n0,a\n2,b\n", ".csv", "no label for index 1"),
        ("index,label\n0,a\n0,b\n", ".csv", "index 0 twice"),
        ("index,label\n", ".csv", "a heading and no labels"),
        ("n01,tench\nn02,crane\n", ".csv", "no heading that tells them apart"),
    ],
)
def test_what_is_wrong_is_said(text, suffix, says):
    with pytest.raises(LabelFormatError, match=says):
        read(text, suffix)


@given(LABELS)
def test_labels_come_back_from_every_form(labels):
    wanted = tuple(labels)
    numbered = list(enumerate(labels))
    table = io.StringIO()
    csv.writer(table).writerows([("index", "label"), *reversed(numbered)])
    assert read("\n".join(labels), ".txt") == wanted
    for sign in (" ", "  ", ":", ": ", "\t"):
        assert read("\n".join(f"{index}{sign}{label}" for index, label in numbered)) == wanted
    assert read(json.dumps(labels), ".json") == wanted
    assert read(json.dumps({str(index): label for index, label in numbered}), "") == wanted
    assert read(table.getvalue(), ".csv") == wanted
    if len(set(labels)) == len(labels):
        assert read(json.dumps({label: index for index, label in numbered}), ".json") == wanted


@given(st.text(max_size=200), st.sampled_from(["", ".txt", ".json", ".csv", ".tsv"]))
def test_any_text_is_labels_or_a_clear_error(text, suffix):
    try:
        labels = read(text, suffix)
    except LabelFormatError as error:
        assert str(error)  # noqa: PT017 - both outcomes are right
    else:
        assert labels
        assert all(isinstance(label, str) for label in labels)
