"""Teaches a user's own classes: photos in, a task out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgevision.app.album import look
from edgevision.app.build import build_engine, build_model
from edgevision.app.learned import check_name
from edgevision.errors import ModelError
from edgevision.evaluation.metrics import Share
from edgevision.learning.background import load_background
from edgevision.learning.teach import teach
from edgevision.pixels.prepare import Preparer
from edgevision.values.box import centred_square
from edgevision.values.reliability import expected_calibration_error
from edgevision.zoo import learned
from edgevision.zoo.heads import Head
from edgevision.zoo.labels import DATA
from edgevision.zoo.registry import BACKGROUND

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy.typing as npt

    from edgevision.app.album import Album, Looked, Photo
    from edgevision.config.schema import Settings
    from edgevision.learning.teach import Taught
    from edgevision.protocols import Engine
    from edgevision.zoo.registry import Model

FORM: Final = 1
"""Of what `provenance` says in the head of a taught task."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a head that had not learnt them said of the photos that were held out.

    Attributes:
        top1: of those that show a class, how many were named rightly.
        seen: in how many of those any class was found, rather than none.
        absent: of those that show none, in how many a class was found.
        calibration_error: expected, 0..1, of the scores of those named; None if there is none.
    """

    top1: Share
    seen: Share
    absent: Share
    calibration_error: float | None

    def to_dict(self) -> dict[str, Any]:
        """JSON types; shares 0..1."""
        return {
            "n": self.top1.n,
            "top1": self.top1.value,
            "top1_interval": list(self.top1.interval()),
            "accepted": self.seen.value,
            "calibration_error": self.calibration_error,
            "absent": {"n": self.absent.n, "false_accepts": self.absent.hits},
        }


@dataclass(frozen=True, slots=True)
class Learnt:
    """A task that was taught.

    Attributes:
        head: what was written.
        path: where.
        replaced: whether an earlier one of that name was there.
        photos: how many of each class were learnt, by label.
        held: of those, how many were held out at first.
        measured: about those.
        alike: groups of photos that are or look the same.
        skipped: lines about files that were not learnt.
        notes: what the user should know.
        seconds: that it took.
    """

    head: Head
    path: Path
    replaced: bool
    photos: dict[str, int]
    held: dict[str, int]
    measured: Measured
    alike: tuple[tuple[Path, ...], ...]
    skipped: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """JSON types."""
        about = self.head.provenance
        return {
            "task": self.head.name,
            "model": about["backbone"],
            "path": str(self.path),
            "replaced": self.replaced,
            "method": about["method"],
            "temperature": round(self.head.temperature, 4),
            "classes": {
                label: {"photos": count, "held_out": self.held[label]}
                for label, count in self.photos.items()
            },
            "held_out": self.measured.to_dict(),
            "alike": [[str(path) for path in group] for group in self.alike],
            "skipped": list(self.skipped),
            "notes": list(self.notes),
            "seconds": round(self.seconds, 1),
        }


def learn(
    settings: Settings, name: str, album: Album, photos: Iterable[Photo], where: Path
) -> Learnt:
    """Teach the task `name` and keep it; before that nothing is written.

    Args:
        settings: name the network.
        name: of the task.
        album: what to learn.
        photos: those of `album`; the next one is taken when one is done.
        where: the folder of taught tasks.

    Raises:
        ConfigError: if a task cannot be called so.
        ModelError: if the network gives no embedding.
        PhotoError: if a class has no photo that can be read.
        OutputError: if the task cannot be kept.
    """
    begun = perf_counter()
    check_name(name)
    model = build_model(settings)
    looked, resolution = _looked(settings, model, album, photos)
    background = load_background(DATA / "background" / f"{model.name}.npz", model.sha256)
    taught = teach(looked.lesson, background)
    measured = _measured(taught)
    counts = album.tally(looked.lesson.classes)
    held = album.tally(looked.lesson.classes[taught.held])
    head = Head(
        name=name,
        backbone_sha256=model.sha256,
        labels=(*album.labels[: album.count], *((BACKGROUND,) if taught.has_none else ())),
        weights=taught.linear.weights.astype(np.float32),
        bias=taught.linear.bias.astype(np.float32),
        provenance={
            "form": FORM,
            "made": "edgevision learn",
            "backbone": model.name,
            "resolution": resolution,
            "method": "imprinted" if taught.plan.strength is None else "softmax regression",
            "strength": taught.plan.strength,
            "photos": counts,
            "held_out": measured.to_dict(),
        },
        temperature=taught.plan.temperature,
    )
    replaced = model.name in learned.scan(where).get(name, {})
    return Learnt(
        head=head,
        path=learned.keep(head, model.name, where),
        replaced=replaced,
        photos=counts,
        held=held,
        measured=measured,
        alike=tuple(tuple(looked.paths[one] for one in group) for group in looked.alike()),
        skipped=(*album.others, *looked.skipped),
        notes=_notes(album, looked, taught),
        seconds=perf_counter() - begun,
    )


def _looked(
    settings: Settings, model: Model, album: Album, photos: Iterable[Photo]
) -> tuple[Looked, int]:
    """What the network sees in the middle square of each photo, and at what resolution."""
    engine = build_engine(settings, model)
    try:
        if engine.spec.vector is None:
            raise ModelError(
                f"model {model.name} gives no embedding to learn from; use an embedded network, "
                "or one without its classifier"
            )
        mean, deviation = model.scaling or (None, None)
        chosen = settings.model
        prepare = Preparer(
            engine.spec.input,
            mean if chosen.mean is None else chosen.mean,
            deviation if chosen.deviation is None else chosen.deviation,
        )
        return look(album, photos, partial(_see, engine, prepare)), engine.spec.input.height
    finally:
        engine.close()


def _see(
    engine: Engine, prepare: Preparer, pixels: npt.NDArray[np.uint8]
) -> npt.NDArray[np.float32]:
    box = centred_square(pixels.shape[1], pixels.shape[0])
    vector = engine.infer(partial(prepare, pixels, box)).vector
    if vector is None:
        raise ModelError(f"model {engine.spec.name} gave no embedding")
    return vector.real().copy()


def _measured(taught: Taught) -> Measured:
    truth = taught.truth
    if truth is None:
        return Measured(Share(0, 0), Share(0, 0), Share(0, 0), None)
    right, seen, shown = truth.right, truth.seen, truth.of_a_class
    error = expected_calibration_error(truth.bins()) if len(right) else None
    return Measured(
        top1=Share(int(right.sum()), len(right)),
        seen=Share(int(seen[shown].sum()), len(right)),
        absent=Share(int(seen[~shown].sum()), int((~shown).sum())),
        calibration_error=None if error is None else round(error, 4),
    )


def _notes(album: Album, looked: Looked, taught: Taught) -> tuple[str, ...]:
    held = album.tally(looked.lesson.classes[taught.held])
    photos = album.tally(looked.lesson.classes)
    unknown = [label for label in album.labels[: album.count] if not held[label]]
    notes = []
    if unknown:
        one = sum(photos[label] == 1 for label in unknown)
        why = "one photo each" if one == len(unknown) else "one photo each, or all alike"
        notes.append(
            f"how well {_some(unknown)} will be told is not known: nothing could be held out "
            f"({why}); give each five photos or more"
        )
    classes = looked.lesson.classes
    for group in looked.alike():
        if len({int(classes[one]) for one in group}) > 1:
            names = " and ".join(str(looked.paths[one]) for one in group)
            notes.append(f"the same photo stands for different classes: {names}")
    if not taught.has_none:
        notes.append(
            "with this network nothing tells when none of the classes is there; add a folder "
            "called none with photos that show none, or use an embedded network"
        )
    return tuple(notes)


def _some(labels: list[str]) -> str:
    most = 5
    more = len(labels) - most
    return ", ".join(labels[:most]) + (f" and {more} more" if more > 0 else "")
