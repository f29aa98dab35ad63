"""What can be told of a TFLite file without a runtime: is it one, its digest, its labels."""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgevision.errors import ModelError
from edgevision.zoo.flatbuffer import follow, item, length, root
from edgevision.zoo.labels import parse_labels
from edgevision.zoo.metadata import normalisation

if TYPE_CHECKING:
    from edgevision.zoo.metadata import Normalisation

IDENTIFIER = b"TFL3"
EDGETPU_OPERATOR = b"edgetpu-custom-op"
# The last two are what zipfile raises for an unknown compression and for a password.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
)
_LABEL_SUFFIXES = (".txt", ".json", ".csv")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that begins as a TFLite model does.

    Attributes:
        bytes: its size.
        sha256: digest of the whole file, hexadecimal.
        labels: of the label file packed into it as metadata, one for each output; or None.
        normalisation: what its metadata say of the input, where its quantisation says otherwise.
        for_edgetpu: True if it was compiled for the Edge TPU and runs nowhere else.
    """

    path: Path
    bytes: int
    sha256: str
    labels: tuple[str, ...] | None
    normalisation: Normalisation | None
    for_edgetpu: bool


def inspect(path: Path, *, sha256: str = "", remedy: str = "") -> ModelFile:
    """Read the file at `path`.

    The identifier is bytes 4 to 7 of the flatbuffer (schema.fbs, `file_identifier "TFL3"`); labels
    are an ordinary zip archive appended to it (TFLite Metadata, "associated files").

    Args:
        path: a .tflite file.
        sha256: the digest that it must have, hexadecimal; "" if any will do.
        remedy: what to do if it has another.

    Raises:
        ModelError: if it is missing, empty, no TFLite model, or not the file with that digest.
    """
    content = _read(path)
    digest = hashlib.sha256(content).hexdigest()
    if sha256 and digest != sha256:
        raise ModelError(
            f"{path}: is damaged or another file, and is not used (its SHA-256 begins with "
            f"{digest[:12]}, expected {sha256[:12]}); {remedy}"
        )
    if not content:
        raise ModelError(f"{path}: is empty; copy or download the model again")
    if content[4:8] != IDENTIFIER:
        raise ModelError(f"{path}: is no TFLite model (no TFL3 at byte 4); give a .tflite file")
    if not _is_whole(content):
        raise ModelError(f"{path}: is cut off or damaged; copy or download the model again")
    return ModelFile(
        path=path,
        bytes=len(content),
        sha256=digest,
        labels=_packed_labels(path),
        normalisation=normalisation(content),
        for_edgetpu=EDGETPU_OPERATOR in content,
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except IsADirectoryError:
        raise ModelError(f"{path}: is a folder; a model is a .tflite file") from None
    except OSError as error:
        hint = "give a .tflite file, or an id that `edgevision models list` shows"
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {hint}") from error


def _is_whole(content: bytes) -> bool:
    """True if every buffer of weights lies within the file.

    The older runtime reads past the end of a file that was cut off, and dies of it. Walks from the
    root table to field 4 of `Model` (schema.fbs: buffers), and there to field 0 of each (data).
    """
    try:
        buffers = follow(content, root(content), 4)
        if buffers is None:
            return False
        for index in range(length(content, buffers)):
            buffer = item(content, buffers, index)
            data = None if buffer is None else follow(content, buffer, 0)
            if data is not None and data + 4 + length(content, data) > len(content):
                return False
    except struct.error:
        return False
    return True


def _packed_labels(path: Path) -> tuple[str, ...] | None:
    if not zipfile.is_zipfile(path):
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if Path(name).suffix in _LABEL_SUFFIXES]
            if not names:
                return None
            named = [name for name in names if "label" in name.lower()]
            name = (named or names)[0]
            text = archive.read(name)
    except _DAMAGE as error:
        raise ModelError(f"{path}: its packed label file is damaged ({error})") from error
    return parse_labels(text, f"{path} (packed label file)", Path(name).suffix)
