"""What can be told of a TFLite file without a runtime: is it one, its digest, its labels."""

from __future__ import annotations

import hashlib
import struct
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgevision.errors import ModelError
from edgevision.zoo.labels import parse_labels

if TYPE_CHECKING:
    from pathlib import Path

IDENTIFIER = b"TFL3"
EDGETPU_OPERATOR = b"edgetpu-custom-op"
_UINT, _INT, _USHORT = struct.Struct("<I"), struct.Struct("<i"), struct.Struct("<H")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that begins as a TFLite model does.

    Attributes:
        sha256: digest of the whole file, hexadecimal.
        labels: of the label file packed into it as metadata, one for each output; or None.
        for_edgetpu: True if it was compiled for the Edge TPU and runs nowhere else.
    """

    path: Path
    sha256: str
    labels: tuple[str, ...] | None
    for_edgetpu: bool


def inspect(path: Path) -> ModelFile:
    """Read the file at `path`.

    The identifier is bytes 4 to 7 of the flatbuffer (schema.fbs, `file_identifier "TFL3"`); labels
    are an ordinary zip archive appended to it (TFLite Metadata, "associated files").

    Raises:
        ModelError: if it is missing, empty, or no TFLite model.
    """
    try:
        content = path.read_bytes()
    except IsADirectoryError:
        raise ModelError(f"{path}: is a folder; a model is a .tflite file") from None
    except OSError as error:
        hint = "give a .tflite file, or an id that `edgevision models list` shows"
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {hint}") from error
    if not content:
        raise ModelError(f"{path}: is empty; copy or download the model again")
    if content[4:8] != IDENTIFIER:
        raise ModelError(f"{path}: is no TFLite model (no TFL3 at byte 4); give a .tflite file")
    if not _is_whole(content):
        raise ModelError(f"{path}: is cut off or damaged; copy or download the model again")
    return ModelFile(
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        labels=_packed_labels(path),
        for_edgetpu=EDGETPU_OPERATOR in content,
    )


def _is_whole(content: bytes) -> bool:
    """True if every buffer of weights lies within the file.

    The older runtime reads past the end of a file that was cut off, and dies of it. Walks from the
    root table to field 4 of `Model` (schema.fbs: buffers), and there to field 0 of each (data).
    """
    try:
        (root,) = _UINT.unpack_from(content, 0)
        buffers = _follow(content, root, 4)
        if buffers is None:
            return False
        (count,) = _UINT.unpack_from(content, buffers)
        for index in range(count):
            place = buffers + 4 + 4 * index
            data = _follow(content, place + _UINT.unpack_from(content, place)[0], 0)
            if data is not None and data + 4 + _UINT.unpack_from(content, data)[0] > len(content):
                return False
    except struct.error:
        return False
    return True


def _follow(content: bytes, table: int, field: int) -> int | None:
    """Where the offset in `field` of `table` leads to; None if the table has no such field.

    Layout: docs of FlatBuffers, "Internals": a table begins with the signed distance back to its
    vtable, which holds its own size, the table's, and a 16-bit place for each field.
    """
    vtable = table - _INT.unpack_from(content, table)[0]
    (size,) = _USHORT.unpack_from(content, vtable)
    if 4 + 2 * field >= size:
        return None
    (within,) = _USHORT.unpack_from(content, vtable + 4 + 2 * field)
    if within == 0:
        return None
    return int(table + within + _UINT.unpack_from(content, table + within)[0])


def _packed_labels(path: Path) -> tuple[str, ...] | None:
    if not zipfile.is_zipfile(path):
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".txt")]
            if not names:
                return None
            named = [name for name in names if "label" in name.lower()]
            text = archive.read((named or names)[0])
    # The last two are what zipfile raises for an unknown compression and for a password.
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise ModelError(f"{path}: its packed label file is damaged ({error})") from error
    return parse_labels(text, f"{path} (packed label file)")
