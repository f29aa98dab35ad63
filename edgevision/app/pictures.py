"""Which outputs may store pictures, by `privacy`, and what they are handed for it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from edgevision.store.files import Ledger

if TYPE_CHECKING:
    from pathlib import Path

    from edgevision.config.schema import Settings
    from edgevision.config.telling import Outputs

log = logging.getLogger(__name__)

_OF_EVENTS = ("snapshots", "clips")
# A film of everything shows more than events.
_STORING = (*_OF_EVENTS, "video")


def allowed_outputs(settings: Settings) -> Outputs:
    """The outputs of `settings` as far as `privacy.store_images` lets them store pictures.

    "never": none that writes pictures. "event": pictures of sightings only, so no video of all
    frames, and no picture from time to time. "always": as they are set.
    """
    outputs, stored = settings.outputs, settings.privacy.store_images
    if stored == "never":
        return outputs.model_copy(update=dict.fromkeys(_STORING))
    if stored == "event":
        snapshots = outputs.snapshots and outputs.snapshots.model_copy(update={"every_s": 0.0})
        return outputs.model_copy(update={"video": None, "snapshots": snapshots})
    return outputs


def say_what_is_left_out(settings: Settings) -> None:
    """A line in the log for each output that `privacy` turns off or holds back."""
    allowed = allowed_outputs(settings)
    for name in _STORING:
        wanted, left = getattr(settings.outputs, name), getattr(allowed, name)
        if wanted == left:
            continue
        what = "is off" if left is None else "takes pictures of sightings only"
        log.warning("output %s %s: privacy.store_images is %s", name, what, _stored(settings))
    stores = any(getattr(allowed, name) is not None for name in _STORING)
    if stores and settings.privacy.blur and settings.region.kind == "full":
        log.warning("privacy.blur: region full sees in the whole frame, so nothing is blurred")


def extras(name: str, settings: Settings, store: Path | None) -> dict[str, Any]:
    """What output `name` is handed besides its own settings."""
    if name not in _STORING:
        return {}
    if name == "video":
        return {"blur": settings.privacy.blur}
    if store is None:
        log.warning("output %s: without the store nothing deletes its old files", name)
    ledger = None if store is None else Ledger(store)
    return {"blur": settings.privacy.blur, "ledger": ledger}


def _stored(settings: Settings) -> str:
    return settings.privacy.store_images
