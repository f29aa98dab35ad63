"""How labels compare."""

from __future__ import annotations


def canonical(label: str) -> str:
    """The form in which labels are compared: case, `_`, `-` and spaces do not count."""
    return label.casefold().replace("_", "").replace("-", "").replace(" ", "")
