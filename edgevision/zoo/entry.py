"""One network of the registry: what it is, where it comes from, and how to tell it from another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Origin = Literal["embedded", "registry", "added"]

IMAGENET: Final = "imagenet1k"
"""The value of `Entry.labels` that means the 1000 classes which come with the package."""


@dataclass(frozen=True, slots=True)
class Download:
    """A file that can be fetched.

    Attributes:
        name: of the file, without a folder; also its name on a mirror.
        bytes: its size.
        sha256: its digest, hexadecimal, lower case.
        urls: official addresses, the first one first.
    """

    name: str
    bytes: int
    sha256: str
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A network that `--model` takes by its id.

    Attributes:
        id: for example "mobilenet_v1_0.75_192_quant".
        family: a key of `families.FAMILIES`, or "" if it is of none.
        alpha: width multiplier, or None if not known.
        resolution: side of the input that the file says, in pixels.
        file: the .tflite file.
        origin: comes with the package, is fetched when asked for, or was added by the user.
        labels: `IMAGENET`, a label file to be fetched, the labels themselves, or None (a backbone
            without a classifier).
        background: index of the class that means "none of these"; None if there is none. With
            `IMAGENET` labels, it stands before the 1000.
        scaling: mean and deviation of the bytes in the training, where they are not those that
            the input's quantisation says; else None.
        resizable: its pool is a mean, so that the input may have another size.
        best_resolution: the side in pixels at which it was measured to be right most often, where
            that is another than `resolution`; else None.
        second_look: id of the network that comes with the package and looks at a photo's mirror
            image, where the two were measured to be right more often than this one alone; else "".
        for_edgetpu: compiled for the Edge TPU; runs nowhere else.
        twin: id of the entry that is the same network compiled for the Edge TPU, or for the CPU;
            "" if there is none.
        mult_adds, parameters: of one inference at `resolution`, in single operations and numbers;
            None if not counted.
        published_top1: on ImageNet's validation set, per cent; None if nobody published it.
        published_in: where that stands.
        licence: of the weights.
        credit: whose work they are.
        measured_top1: by resolution, per cent of the photos of `docs/accuracy.md` that the task
            classify names rightly; empty if never measured.
        measured_tasks: by another task, per cent of photos that no training saw which it names
            rightly; empty if never measured.
    """

    id: str
    family: str
    alpha: float | None
    resolution: int
    file: Download
    origin: Origin
    labels: str | Download | tuple[str, ...] | None = None
    background: int | None = None
    scaling: tuple[float, float] | None = None
    resizable: bool = False
    best_resolution: int | None = None
    second_look: str = ""
    for_edgetpu: bool = False
    twin: str = ""
    mult_adds: int | None = None
    parameters: int | None = None
    published_top1: float | None = None
    published_in: str = ""
    licence: str = ""
    credit: str = ""
    measured_top1: Mapping[int, float] = field(default_factory=dict)
    measured_tasks: Mapping[str, float] = field(default_factory=dict)
