from __future__ import annotations

import pytest

from edgevision.table import read_rows


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_columns_are_parted_as_any_spreadsheet_writes_them(mark, end):
    text = end.join(mark.join(row) for row in (("path", "lat"), ('"a;b,c.jpg"', "1.5")))
    rows = read_rows(text)
    assert rows.fieldnames == ["path", "lat"]
    assert list(rows) == [{"path": "a;b,c.jpg", "lat": "1.5"}]


@pytest.mark.parametrize("text", ["", "path", "\n"])
def test_of_what_is_no_table_nothing_is_read(text):
    assert list(read_rows(text)) == []
