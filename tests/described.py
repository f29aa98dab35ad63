"""TFLite files that carry metadata, as the tools that train networks write them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import flatbuffers

from edgevision.zoo.flatbuffer import follow, item, length, root

if TYPE_CHECKING:
    from collections.abc import Sequence

NORMALIZATION = 1
_NAME = b"TFLITE_METADATA"


def metadata(mean: Sequence[float], deviation: Sequence[float], kind: int = NORMALIZATION) -> bytes:
    """ModelMetadata of an image input with this normalisation, behind a unit of another kind."""
    builder = flatbuffers.Builder(256)
    options = _table(builder, 2, [_floats(builder, mean), _floats(builder, deviation)])
    units = []
    for number, what in ((3, None), (kind, options)):
        builder.StartObject(2)
        builder.PrependUint8Slot(0, number, 0)
        if what is not None:
            builder.PrependUOffsetTRelativeSlot(1, what, 0)
        units.append(builder.EndObject())
    # TensorMetadata, SubGraphMetadata, ModelMetadata: what they hold stands in these fields.
    image = _table(builder, 5, [None, None, None, None, _vector(builder, units)])
    subgraph = _table(builder, 3, [None, None, _vector(builder, [image])])
    model = _table(builder, 4, [None, None, None, _vector(builder, [subgraph])])
    builder.Finish(model, file_identifier=b"M001")
    return bytes(builder.Output())


def described(content: bytes, about: bytes) -> bytes:
    """The network `content` with the metadata `about`.

    Offsets lead forward only. So a new root with a longer list of buffers is put before the file,
    and leads into it.
    """
    old = root(content)
    buffers = follow(content, old, 4)
    count = length(content, buffers)
    vtable, table = 8, 28
    list_at = table + 28
    entries_at = list_at + 4 + 4 * (count + 1)
    entry_at = entries_at + 8 + 8
    name_at = entry_at + 12
    buffer_at = name_at + 4 + 16 + 8
    data_at = buffer_at + 8
    start = -(-(data_at + 4 + len(about)) // 16) * 16
    new = bytearray(start)
    new[4:8] = b"TFL3"
    _put(new, 0, table)
    struct.pack_into("<9H", new, vtable, 18, 28, 4, 8, 12, 16, 20, 0, 24)
    struct.pack_into("<iI", new, table, table - vtable, 3)
    for place, field in ((8, 1), (12, 2), (16, 3)):
        _put(new, table + place, start + follow(content, old, field))
    _put(new, table + 20, list_at)
    _put(new, table + 24, entries_at)
    struct.pack_into("<I", new, list_at, count + 1)
    for index in range(count):
        _put(new, list_at + 4 + 4 * index, start + item(content, buffers, index))
    _put(new, list_at + 4 + 4 * count, buffer_at)
    struct.pack_into("<I", new, entries_at, 1)
    _put(new, entries_at + 4, entry_at)
    struct.pack_into("<4H", new, entry_at - 8, 8, 12, 4, 8)
    struct.pack_into("<iII", new, entry_at, 8, 0, count)
    _put(new, entry_at + 4, name_at)
    struct.pack_into(f"<I{len(_NAME) + 1}s", new, name_at, len(_NAME), _NAME)
    struct.pack_into("<3H", new, buffer_at - 8, 6, 8, 4)
    struct.pack_into("<i", new, buffer_at, 8)
    _put(new, buffer_at + 4, data_at)
    struct.pack_into(f"<I{len(about)}s", new, data_at, len(about), about)
    return bytes(new) + content


def _put(new: bytearray, place: int, target: int) -> None:
    struct.pack_into("<I", new, place, target - place)


def _table(builder: flatbuffers.Builder, size: int, offsets: Sequence[int | None]) -> int:
    builder.StartObject(size)
    for slot, offset in enumerate(offsets):
        if offset is not None:
            builder.PrependUOffsetTRelativeSlot(slot, offset, 0)
    return builder.EndObject()


def _vector(builder: flatbuffers.Builder, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


def _floats(builder: flatbuffers.Builder, values: Sequence[float]) -> int:
    builder.StartVector(4, len(values), 4)
    for one in reversed(values):
        builder.PrependFloat32(one)
    return builder.EndVector()
