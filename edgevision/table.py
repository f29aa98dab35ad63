"""Tables that people write: `labels.csv`, from an editor or a spreadsheet."""

from __future__ import annotations

import csv


def read_rows(text: str) -> csv.DictReader[str]:
    """The rows of a table by the names in its first line.

    Spreadsheets set to German or French write semicolons for commas, and some write tabs: whichever
    of the three stands oftenest in the first line parts the columns.
    """
    lines = text.splitlines()
    head = lines[0] if lines else ""
    # Of as many, the first counts: a comma.
    return csv.DictReader(lines, delimiter=max(",;\t", key=head.count))
