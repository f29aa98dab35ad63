"""Makes the sources of the settings, each with what keeps it going."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgevision.pipeline.masked import Masked
from edgevision.pipeline.merged import Merged
from edgevision.pipeline.supervise import Supervised
from edgevision.pipeline.vigil import Seen, Vigil
from edgevision.sources.uri import make, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgevision.config.camera import Source as Wanted
    from edgevision.config.schema import Settings
    from edgevision.protocols import Source
    from edgevision.values.frame import Frame


def build_source(settings: Settings, *, patient: bool = False) -> Source:
    """The source, or all of them as one.

    Args:
        settings: which.
        patient: a live source that is not there at the start, and of which the settings say
            nothing, is waited for.

    Raises:
        UriError: if an address is wrong.
    """
    wanted = settings.every_source
    if len(wanted) == 1:
        return _one(settings, wanted[0], patient=patient)
    # Beside others that run, one that is late is worth waiting for.
    return Merged([_one(settings, one, patient=True) for one in wanted])


def opener(settings: Settings, wanted: Wanted) -> Callable[[], Source]:
    """What makes one source, for every opening anew; what it showed before is remembered."""
    seen = Seen()
    return lambda: bare_source(settings, wanted, seen)


def bare_source(settings: Settings, wanted: Wanted, seen: Seen | None = None) -> Source:
    """One source itself, which nobody supervises, with the masks that hold for it.

    Args:
        settings: of the run.
        wanted: which source.
        seen: what it showed when it was open before.

    Raises:
        UriError: if its address is wrong.
    """
    source: Source = make(wanted.uri, wanted.name, loop=wanted.loop)
    masks = [one.points for one in settings.privacy.masks if one.source in (None, wanted.name)]
    if masks:
        source = Masked(source, masks)
    return Vigil(source, seen) if source.live else source


def _one(settings: Settings, wanted: Wanted, *, patient: bool) -> Source:
    """One source; a live one is supervised, so that it comes back by itself."""
    source = bare_source(settings, wanted)
    if not source.live:
        return source
    return Supervised(
        opener(settings, wanted),
        wanted.name,
        stall_seconds=wanted.stall_s,
        patient=patient if wanted.wait is None else wanted.wait,
    )


def live_frames(source: Source) -> dict[str, Callable[[Frame | None, float], Frame | None]]:
    """By the name of each live source, what gives its newest frame beside the loop."""
    parts = source.sources if isinstance(source, Merged) else (source,)
    return {one.name: one.wait_for_other for one in parts if isinstance(one, Supervised)}


def shows_photos(settings: Settings) -> bool:
    """True if every frame is a photo that has nothing to do with the one before."""
    return all(parse(one.uri).kind == "images" for one in settings.every_source)
