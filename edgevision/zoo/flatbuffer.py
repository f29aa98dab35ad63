"""Just enough of FlatBuffers to find a value in a file that may be damaged.

Layout: docs of FlatBuffers, "Internals": a table begins with the signed distance back to its
vtable, which holds its own size, the table's, and a 16-bit place for each field. Places are
counted in bytes from the beginning; all functions raise struct.error where one leads out of it.
"""

from __future__ import annotations

import struct
from typing import Any, Final

UINT: Final = struct.Struct("<I")
INT: Final = struct.Struct("<i")
USHORT: Final = struct.Struct("<H")
BYTE: Final = struct.Struct("<B")
FLOAT: Final = struct.Struct("<f")


def value(content: bytes, form: struct.Struct, place: int) -> Any:
    """The number of that form at `place`."""
    # Python would count a negative place from the end.
    if place < 0:
        raise struct.error("before the beginning")
    return form.unpack_from(content, place)[0]


def root(content: bytes) -> int:
    """The table that holds all others."""
    return int(value(content, UINT, 0))


def field(content: bytes, table: int, number: int) -> int | None:
    """Where field `number` of `table` lies; None if the table does not have it."""
    vtable = table - value(content, INT, table)
    if 4 + 2 * number >= value(content, USHORT, vtable):
        return None
    within = value(content, USHORT, vtable + 4 + 2 * number)
    return table + within if within else None


def follow(content: bytes, table: int, number: int) -> int | None:
    """Where the offset in field `number` of `table` leads; None if the table does not have it."""
    place = field(content, table, number)
    return None if place is None else place + int(value(content, UINT, place))


def length(content: bytes, vector: int | None) -> int:
    """How many items a vector (a string: bytes) has; 0 for None."""
    return 0 if vector is None else int(value(content, UINT, vector))


def item(content: bytes, vector: int | None, index: int) -> int | None:
    """The table at `index` of a vector of tables; None if it has no such item."""
    if vector is None or not 0 <= index < length(content, vector):
        return None
    place = vector + 4 + 4 * index
    return place + int(value(content, UINT, place))
