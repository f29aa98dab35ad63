"""The forms in which label files are found: lines, numbered lines, JSON and CSV.

TFLite's own tools write one label a line; Teachable Machine `0 cat`, Coral `0  cat`, others
`0:cat`; Keras `{"0": ["n01440764", "tench"]}`; Hugging Face `{"id2label": {"0": "cat"}}`; Kaggle
tables with a heading. `read` tells them apart by what they hold, and by the file's ending where
that leaves a doubt.
"""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NUMBERED: Final = re.compile(r"([0-9]{1,9})(?:\s*[:,;=]\s*|\s+)(\S.*)")
_INDEX_COLUMNS: Final = ("index", "id", "idx", "classid", "labelid", "classindex", "label", "class")
_NAME_COLUMNS: Final = ("name", "classname", "labelname", "displayname", "label", "class")
_MOST_DIGITS: Final = 9
_ONE_COLUMN: Final = 1


class LabelFormatError(Exception):
    """What is wrong with a label file, without the file's name."""


def read(text: str, suffix: str = "") -> tuple[str, ...]:
    """The labels in `text`, by index.

    Args:
        text: the content of a label file.
        suffix: the file's ending, such as ".json"; "" if it is not known.

    Raises:
        LabelFormatError: if it holds no labels, an index has none or two, or it is damaged.
    """
    suffix = suffix.lower()
    if not text.strip():
        raise LabelFormatError("has no labels; write one a line, in the order of the outputs")
    if suffix == ".json" or text.lstrip()[:1] in ("[", "{"):
        try:
            return _from_json(json.loads(text))
        except RecursionError:
            raise LabelFormatError("is nested too deeply for a list of labels") from None
        except ValueError as error:
            # A label may begin with a bracket, too: "[unknown]".
            if suffix == ".json":
                raise LabelFormatError(f"is no JSON ({error})") from None
    if suffix in (".csv", ".tsv") or _has_heading(text):
        return _from_table(text)
    return _from_lines(text)


def _from_lines(text: str) -> tuple[str, ...]:
    lines = tuple(line.strip() for line in text.rstrip().splitlines())
    found = [_NUMBERED.fullmatch(line) for line in lines if line]
    numbered = {int(one[1]): one[2] for one in found if one}
    # Labels may begin with a number themselves ("5 cent"): only a complete count is an index.
    if len(numbered) == len(found) and _counts(numbered):
        return tuple(numbered[index] for index in sorted(numbered))
    return lines


def _counts(numbered: Mapping[int, str]) -> bool:
    """True if the numbers are 0 to n - 1, or 1 to n."""
    return min(numbered) in (0, 1) and max(numbered) - min(numbered) == len(numbered) - 1


def _from_json(value: Any) -> tuple[str, ...]:
    if isinstance(value, dict):
        for key in ("labels", "id2label", "classes", "names", "label2id"):
            if isinstance(value.get(key), (list, dict)):
                return _from_json(value[key])
        return _by_index(_pairs(value))
    if isinstance(value, list) and value:
        if all(isinstance(one, dict) for one in value):
            return _from_rows(value)
        return tuple(_label(one, f"item {place}") for place, one in enumerate(value))
    raise LabelFormatError("holds no labels; expected a list, or an object from index to label")


def _pairs(value: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Index and label of each member, whichever of the two is the key."""
    if not value:
        raise LabelFormatError("holds no labels; expected a list, or an object from index to label")
    if all(isinstance(one, int) and not isinstance(one, bool) for one in value.values()):
        return [(int(index), label) for label, index in value.items()]
    return [(_number(index), _label(one, f"index {index}")) for index, one in value.items()]


def _number(text: str) -> int:
    if not _is_index(text):
        raise LabelFormatError(f"the key {text[:40]!r} is no index; expected whole numbers from 0")
    return int(text)


def _label(value: Any, where: str) -> str:
    # Keras' class index has [WordNet id, name].
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        value = value[-1]
    if not isinstance(value, str):
        raise LabelFormatError(f"{where} holds {json.dumps(value)[:40]}; expected a label")
    return value.strip()


def _from_rows(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Labels of rows with named columns."""
    columns = {_column(name): name for name in rows[0] if isinstance(name, str)}
    name = next((columns[one] for one in _NAME_COLUMNS if one in columns), None)
    if name is None:
        raise LabelFormatError(
            f"has no column with labels among {', '.join(columns) or 'none'}; call one `label`"
        )
    labels = [_label(row.get(name), f"row {place}") for place, row in enumerate(rows, start=1)]
    wanted = (columns.get(one) for one in _INDEX_COLUMNS)
    index = next((one for one in wanted if one is not None and one != name), None)
    if index is None:
        return tuple(labels)
    numbers = [str(row.get(index)).strip() for row in rows]
    if not all(map(_is_index, numbers)):
        return tuple(labels)  # an identifier of another kind, such as WordNet's
    return _by_index([(int(number), label) for number, label in zip(numbers, labels, strict=True)])


def _column(name: str) -> str:
    return re.sub(r"[\s_-]", "", name.casefold())


def _has_heading(text: str) -> bool:
    cells = [_column(cell) for cell in re.split(r"[,;\t]", text.lstrip().splitlines()[0])]
    known = {*_INDEX_COLUMNS, *_NAME_COLUMNS}
    return len(cells) > _ONE_COLUMN and sum(cell.strip('"') in known for cell in cells) > 1


def _from_table(text: str) -> tuple[str, ...]:
    first = text.lstrip().splitlines()[0]
    separator = next((one for one in "\t;," if one in first), ",")
    try:
        rows = [row for row in csv.reader(text.splitlines(), delimiter=separator) if any(row)]
    except csv.Error as error:
        raise LabelFormatError(f"is no table ({error})") from None
    if not rows:
        raise LabelFormatError("has no labels; write one a line, in the order of the outputs")
    heading = [cell.strip() for cell in rows[0]]
    if {_column(cell) for cell in heading} & set(_NAME_COLUMNS):
        named = [dict(zip(heading, row, strict=False)) for row in rows[1:]]
        if not named:
            raise LabelFormatError("has a heading and no labels under it")
        return _from_rows(named)
    if all(len(row) == _ONE_COLUMN for row in rows):
        return tuple(row[0].strip() for row in rows)
    if all(_is_index(row[0]) and len(row) > _ONE_COLUMN for row in rows):
        # A label with commas that nobody put in quotes.
        return _by_index([(int(row[0]), ",".join(row[1:]).strip()) for row in rows])
    raise LabelFormatError(
        "has several columns and no heading that tells them apart; write `index,label` over them"
    )


def _is_index(text: str) -> bool:
    stripped = text.strip()
    return stripped.isascii() and stripped.isdecimal() and len(stripped) <= _MOST_DIGITS


def _by_index(pairs: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    """Labels in the order of their indices, which begin at 0 or 1 and leave none out."""
    found: dict[int, str] = {}
    for index, label in pairs:
        if index in found:
            raise LabelFormatError(f"gives index {index} twice: {found[index]!r} and {label!r}")
        found[index] = label
    first = min(found)
    if first not in (0, 1):
        raise LabelFormatError(f"begins with index {first}; expected 0")
    for index in range(first, first + len(found)):
        if index not in found:
            raise LabelFormatError(f"has no label for index {index} (the last is {max(found)})")
    return tuple(found[index] for index in sorted(found))
