"""How often, and how large, a network looks at what it is to recognise.

A photo is looked at as the network sees it best, and in the mirror, too: it is all there is to go
by, and nobody waits for the next one. Frames of a video come at the network's own size and once
each: on crops that wander as a hand-held camera's do, the votes of five at 256 pixels were right as
often as at 224, or by less than a point more often, at 1.3 times the time (docs/accuracy.md).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edgevision.zoo.heads import joined
from edgevision.zoo.registry import find

if TYPE_CHECKING:
    from edgevision.config.schema import Settings
    from edgevision.zoo.registry import Model

GAIN: Final = frozenset({"classify", "dogs"})
"""Tasks that were measured so; the heads of others were fitted to one look at the own size."""

WITH_SECOND: Final = GAIN | {"landmarks"}
"""Those that were measured with a second network, too."""

# Those that look at one place of a photo; the others take their second look elsewhere.
_ONE_LOOK: Final = frozenset({"auto", "full", "centre", "zone"})


def for_photos(settings: Settings, model: Model) -> Model:
    """`model` at the resolution at which it is right most often, if the settings leave that open.

    They do not where they say a resolution, or a rate or latency to keep.
    """
    entry, governor = model.entry, settings.governor
    governed = governor.target_fps is not None or governor.max_latency_ms is not None
    if settings.model.resolution is not None or governed or not _gain(settings):
        return model
    if entry is None or not entry.resizable or entry.best_resolution is None:
        return model
    return replace(model, resolution=entry.best_resolution)


def mirrors(settings: Settings, *, photos: bool) -> bool:
    """True if each look takes in the mirror image, too."""
    if settings.region.mirror is not None:
        return settings.region.mirror
    return photos and settings.region.kind in _ONE_LOOK and _gain(settings)


def second_look(settings: Settings, model: Model, *, photos: bool) -> Model | None:
    """The network that looks at the mirror image in place of `model`, at its resolution, if any.

    Only where the settings leave the choice of a network open.
    """
    entry = model.entry
    at_best = entry is not None and model.resolution == entry.best_resolution
    if not (photos and _open_choice(settings) and at_best and _gain(settings)):
        return None
    if entry is None or not entry.second_look:
        return None
    return replace(find(entry.second_look), resolution=model.resolution)


def with_second(model: Model, second: Model) -> Model:
    """`model` with the heads that read its features and those of `second` behind them."""
    heads = {
        name: joined(head, second.heads[name])
        for name, head in model.heads.items()
        if name in second.heads
    }
    return replace(model, name=f"{model.name}+{second.name}", heads=heads)


def _gain(settings: Settings) -> bool:
    # A gallery and a PlaNet head are of one look at one size.
    paired = _open_choice(settings) and settings.geo.mode == "head"
    return set(settings.task) <= (WITH_SECOND if paired else GAIN)


def _open_choice(settings: Settings) -> bool:
    return settings.model.use == "default" and not settings.model.heads
