"""Heads: linear classifiers on a backbone's pooled features, kept in `.npz` files.

A head is bound to the very backbone that it was trained on by that file's SHA-256: features of
another network, or of the same one quantised otherwise, mean nothing to it.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from edgevision.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Array = npt.NDArray[np.float32]

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip file can hold
_MOST_BYTES: Final = 256 * 1024 * 1024
# What reading a damaged zip archive, array header or JSON raises.
_DAMAGE: Final = (
    *(OSError, EOFError, ValueError, LookupError, TypeError, OverflowError, SyntaxError),
    *(RuntimeError, zipfile.BadZipFile, zlib.error, struct.error),
)


@dataclass(frozen=True, eq=False)
class Head:
    """A linear classifier of `vector`, a backbone's features averaged over the image.

    Attributes:
        name: for example "dogs".
        backbone_sha256: of the backbone's file.
        labels: one for each class.
        weights: (classes, features) float32, read-only.
        bias: (classes,) float32, read-only.
        provenance: where the weights come from: source, licence and the like.
        temperature: what logits are divided by before the softmax (Guo et al. 2017, "On
            Calibration of Modern Neural Networks", equation 9); above 0.
        temperatures: by side of the network's input in pixels, what takes the place of
            `temperature` there: the same weights are less sure of themselves on larger inputs.
        parent: name of the head of the same backbone whose rows this one is, or empty.
        rows: the class of `parent` for each class here; empty without a parent.
    """

    name: str
    backbone_sha256: str
    labels: tuple[str, ...]
    weights: Array
    bias: Array
    provenance: Mapping[str, Any] = field(default_factory=dict)
    temperature: float = 1.0
    temperatures: Mapping[int, float] = field(default_factory=dict)
    parent: str = ""
    rows: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        weights = np.array(self.weights, np.float32, order="C")
        bias = np.array(self.bias, np.float32)
        classes = len(self.labels)
        if weights.ndim != 2 or weights.shape[0] != classes or bias.shape != (classes,):  # noqa: PLR2004
            raise ModelError(
                f"head {self.name}: {classes} labels, weights {weights.shape} and bias "
                f"{bias.shape} do not fit together"
            )
        if self.rows and len(self.rows) != classes:
            raise ModelError(f"head {self.name}: {len(self.rows)} rows for {classes} labels")
        if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
            raise ModelError(f"head {self.name}: some weights are not finite")
        for temperature in (self.temperature, *self.temperatures.values()):
            if not 0 < temperature < np.inf:
                raise ModelError(f"head {self.name}: temperature {temperature} is not above 0")
        for array in (weights, bias):
            array.flags.writeable = False
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "bias", bias)

    def logits(self, vector: npt.NDArray[Any]) -> Array:
        """Scores of the classes, before temperature and softmax.

        Args:
            vector: (features,) or a batch (n, features), in real numbers.

        Returns:
            (classes,) or (n, classes), float32.
        """
        return np.asarray(vector.astype(np.float32) @ self.weights.T + self.bias)

    def temperature_at(self, side: int | None) -> float:
        """That for an input of `side` pixels, or for the nearest side that has one of its own."""
        if side is None or not self.temperatures:
            return self.temperature
        return self.temperatures[min(self.temperatures, key=lambda known: abs(known - side))]

    def probabilities(self, vector: npt.NDArray[Any], side: int | None = None) -> Array:
        """Softmax of the logits divided by the temperature; shapes as in `logits`.

        Args:
            vector: as for `logits`.
            side: of the input that gave it, in pixels; None: not known.
        """
        return softmax(self.logits(vector) / np.float32(self.temperature_at(side)))

    def activation_map(self, feature_map: npt.NDArray[Any], class_index: int) -> Array:
        """Where in the image the class is seen: the class-activation map.

        Zhou et al. 2016, "Learning Deep Features for Discriminative Localization", equation 2:
        M(x, y) = sum over channels of weight x feature. Its mean and the bias make the logit
        (equation 1), as far as the pooled vector is the mean of the map.

        Args:
            feature_map: (height, width, features), in real numbers.
            class_index: row of `weights`.

        Returns:
            (height, width) float32; higher means more of the class, in the units of the logit.
        """
        return np.asarray(feature_map.astype(np.float32) @ self.weights[class_index])


def joined(one: Head, other: Head) -> Head:
    """The head that reads the features of two backbones, one behind the other.

    Its logits are the mean of both heads', and so are its temperatures.

    Raises:
        ModelError: if the two do not have the same labels.
    """
    if one.labels != other.labels:
        raise ModelError(f"head {one.name}: the two networks have not the same labels")
    sides = {*one.temperatures} & {*other.temperatures}
    return replace(
        one,
        weights=np.hstack([one.weights, other.weights]) * np.float32(0.5),
        bias=(one.bias + other.bias) / np.float32(2),
        provenance={**one.provenance, "joined_with": other.provenance},
        temperature=(one.temperature + other.temperature) / 2,
        temperatures={
            side: (one.temperature_at(side) + other.temperature_at(side)) / 2
            for side in sorted(sides)
        },
    )


def softmax(logits: npt.NDArray[Any]) -> Array:
    """Probabilities over the last axis, exp(x) / sum exp(x), with no overflow; float32."""
    shifted = logits.astype(np.float32) - logits.max(axis=-1, keepdims=True)
    powers = np.exp(shifted)
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def save_head(head: Head, path: Path, *, small: bool = False, rows_of_parent: bool = False) -> None:
    """Write `head`. The same head gives the same bytes at any time, and so does what was read.

    Args:
        head: what to write.
        path: of the file.
        small: weights in eight bits, with a scale for each class, in place of float16.
        rows_of_parent: leave the weights out: they are rows of the parent's, whose file lies beside
            this one and is called as it is but for the head's name.

    Raises:
        OSError: if the file cannot be written.
    """
    about: dict[str, Any] = {
        "name": head.name,
        "backbone_sha256": head.backbone_sha256,
        "labels": head.labels,
        "provenance": head.provenance,
        "temperature": head.temperature,
        "parent": head.parent,
        "rows": head.rows,
    }
    if head.temperatures:
        about["temperatures"] = {str(side): one for side, one in head.temperatures.items()}
    text = json.dumps(about, ensure_ascii=False, sort_keys=True).encode()
    weights: dict[str, npt.NDArray[Any]] = {}
    if not rows_of_parent:
        weights = _in_eight_bits(head.weights) if small else {"weights": head.weights.astype("<f2")}
    arrays = {
        **weights,
        "bias": head.bias.astype("<f4"),
        "about": np.frombuffer(text, np.uint8),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, version=(1, 0), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), content.getvalue())


def _in_eight_bits(weights: Array) -> dict[str, npt.NDArray[Any]]:
    """Integers from -127 to 127, and the scale (classes,) that each row is to be multiplied with.

    Scales are rounded up to float16: products with 127 are then exact, and reading and writing
    again changes nothing.
    """
    widest = np.abs(weights).max(axis=1, initial=0.0).astype(np.float64) / 127
    scales = widest.astype("<f2")
    scales = np.where(scales < widest, np.nextafter(scales, np.float16(np.inf)), scales)
    scales = np.where(scales > 0, scales, np.float16(1)).astype("<f2")
    stored = np.rint(weights / scales.astype(np.float64)[:, None])
    return {"weights": stored.astype("<i1"), "scales": scales}


def load_head(path: Path, backbone_sha256: str) -> Head:
    """The head in the file `path`.

    Args:
        path: of an `.npz` that `save_head` wrote.
        backbone_sha256: of the backbone whose features it is to read, in hexadecimal.

    Raises:
        ModelError: if the file is missing, damaged or no head, or if it was made for another
            backbone.
    """
    try:
        head = _read(path)
    except FileNotFoundError as error:
        raise ModelError(f"{path}: there is no such head") from error
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    except _DAMAGE as error:
        raise ModelError(f"{path}: not a head, or damaged ({error})") from error
    if head.backbone_sha256 != backbone_sha256:
        raise ModelError(
            f"{path}: made for the backbone {head.backbone_sha256[:12]}…, not for "
            f"{backbone_sha256[:12]}…; use the model that it was made with, or make the head anew"
        )
    return head


def _read(path: Path) -> Head:
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        for name in ("bias", "about", *({"weights", "scales"} & {*names})):
            if archive.getinfo(f"{name}.npy").file_size > _MOST_BYTES:
                raise ValueError(f"{name} is larger than a head can be")
            content = io.BytesIO(archive.read(f"{name}.npy"))
            arrays[name] = np.lib.format.read_array(content, allow_pickle=False)
    about = json.loads(arrays["about"].tobytes().decode())
    if "weights" in arrays:
        weights = arrays["weights"].astype(np.float32)
        if "scales" in arrays:
            weights = weights * arrays["scales"].astype(np.float32)[:, None]
    else:
        weights = _of_parent(path, about)
    return Head(
        name=str(about["name"]),
        backbone_sha256=str(about["backbone_sha256"]),
        labels=tuple(map(str, about["labels"])),
        weights=weights,
        bias=arrays["bias"],
        provenance=dict(about["provenance"]),
        temperature=float(about["temperature"]),
        temperatures={
            int(side): float(one) for side, one in dict(about.get("temperatures", {})).items()
        },
        parent=str(about["parent"]),
        rows=tuple(map(int, about["rows"])),
    )


def _of_parent(path: Path, about: Mapping[str, Any]) -> Array:
    """The weights of a head that is rows of another one of the same backbone."""
    name, parent = str(about["name"]), str(about["parent"])
    beside = path.with_name(path.name.replace(f".{name}.", f".{parent}.", 1))
    if not parent or beside == path or not beside.exists():
        raise ModelError(f"has no weights, and its parent {parent!r} does not lie beside it")
    whole = _read(beside)
    if whole.backbone_sha256 != about["backbone_sha256"]:
        raise ModelError(f"its parent {beside.name} was made for another backbone")
    return np.asarray(whole.weights[[int(row) for row in about["rows"]]])
