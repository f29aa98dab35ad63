"""Makes what looks at a frame: where, with which network, for what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgevision import regions
from edgevision.app.sourcing import shows_photos
from edgevision.kinds import load
from edgevision.pipeline.each import RegionOfEach
from edgevision.pipeline.recogniser import Recogniser
from edgevision.regions.options import RegionOptions
from edgevision.values.box import Box

if TYPE_CHECKING:
    from edgevision.app.build import Network
    from edgevision.config.schema import Settings
    from edgevision.protocols import Region


def build_recogniser(settings: Settings, network: Network) -> Recogniser:
    """What looks at a frame."""
    return Recogniser(
        region=build_region(settings, network),
        engine=network.engine,
        prepare=network.prepare,
        tasks=network.tasks,
        max_passes=settings.region.max_passes,
    )


def build_region(settings: Settings, network: Network) -> Region:
    """Where to look; each of several sources has a region of its own."""
    if len(settings.every_source) > 1:
        return RegionOfEach(lambda: _region_of_one(settings, network))
    return _region_of_one(settings, network)


def _region_of_one(settings: Settings, network: Network) -> Region:
    wanted = settings.region
    options = RegionOptions(
        zone=Box(*wanted.zone) if wanted.zone else None,
        idle_fps=wanted.idle_fps,
        padding=wanted.padding,
        most=wanted.max_passes,
        activation=network.tasks[0].activation,
    )
    # Photos do not move: nothing can be told from the one before.
    kind = "centre" if wanted.kind == "auto" and shows_photos(settings) else wanted.kind
    region: Region = load(regions.KINDS, kind, "region.kind")(options)
    return region
