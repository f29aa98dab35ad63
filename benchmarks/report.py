"""Measures everything, and writes the figures into the docs. One command, about eight minutes.

python benchmarks/report.py                     measure all, write results/ and docs/
python benchmarks/report.py --only pipeline     measure one of pipeline, peers, accuracy
python benchmarks/report.py --write-docs        only write docs/ from results/
"""

from __future__ import annotations

import argparse
import json
import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any

import accuracy
import peers
import pipeline
from measuring import PROJECT, RESULTS, marked, with_figures

if TYPE_CHECKING:
    from pathlib import Path

DOCS = ("docs/benchmarks.md", "docs/accuracy.md")
_PARTS: dict[str, Any] = {one.NAME: one for one in (pipeline, peers, accuracy)}


def figures(folder: Path = RESULTS) -> dict[str, str]:
    """All tables, by the name that the docs' markers give, from the results."""
    made: dict[str, str] = {}
    for name, part in _PARTS.items():
        text = (folder / f"{name}.json").read_text(encoding="utf-8")
        made.update(part.figures(json.loads(text)))
    return made


def write_docs() -> None:
    """Put the tables between the markers of the docs."""
    made = figures()
    for name in DOCS:
        file = PROJECT / name
        text = file.read_text(encoding="utf-8")
        file.write_text(with_figures(text, made), encoding="utf-8")
        print(f"{name}: {len(marked(text))} tables written", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--only", choices=list(_PARTS), action="append", default=None)
    which.add_argument("--write-docs", action="store_true", help="measure nothing")
    given = parser.parse_args()
    for name in () if given.write_docs else given.only or _PARTS:
        begun = perf_counter()
        sys.argv = [name]
        _PARTS[name].main()
        print(f"{name}: {perf_counter() - begun:.0f} s\n", file=sys.stderr)
    write_docs()


if __name__ == "__main__":
    main()
