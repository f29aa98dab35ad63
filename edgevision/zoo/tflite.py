"""What can be told of a TFLite file without a runtime: is it one, its digest, its labels."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgevision.errors import ModelError
from edgevision.zoo.labels import parse_labels

if TYPE_CHECKING:
    from pathlib import Path

IDENTIFIER = b"TFL3"
EDGETPU_OPERATOR = b"edgetpu-custom-op"


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
    return ModelFile(
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        labels=_packed_labels(path),
        for_edgetpu=EDGETPU_OPERATOR in content,
    )


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
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise ModelError(f"{path}: its packed label file is damaged ({error})") from error
    return parse_labels(text, f"{path} (packed label file)")
