"""What the task `landmarks` is given, by the settings' branch `geo`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from edgevision.errors import ModelError
from edgevision.geo.locate import Locator
from edgevision.kinds import Kind, load
from edgevision.tasks.landmarks import Landmarks

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgevision.config.deciding import Geo

# Only who asks for a gallery or a head pays for it, and needs the packages that it takes.
_PARTS: Final = {
    "gallery": Kind("edgevision.geo.gallery:open_gallery", "your photos' places", "geo"),
    "planet": Kind("edgevision.geo.planet:load_planet", "a distribution over cells", "geo"),
}


def landmarks_by(geo: Geo, backbone_sha256: str) -> Callable[..., Landmarks]:
    """Makes the task from what every task gets, as `geo` wants it.

    Args:
        geo: the settings' branch.
        backbone_sha256: of the network whose embeddings are to be compared.

    Raises:
        ModelError: if the gallery or the head is missing, damaged, empty or of another network.
        ExtraError: if a package that it needs is not installed.
    """
    if geo.mode == "head":
        return partial(Landmarks, finest_km=geo.finest_km)
    found = locator(geo, backbone_sha256)
    return partial(
        Landmarks, finest_km=geo.finest_km, locate=found.spread, head=geo.mode == "fused"
    )


def locator(geo: Geo, backbone_sha256: str) -> Locator:
    """What of gallery and PlaNet head the mode wants; of "fused" those that are given.

    Raises:
        ModelError, ExtraError: as `landmarks_by`.
    """
    parts: dict[str, Any] = {}
    for name, path in (("gallery", geo.gallery), ("planet", geo.planet)):
        if path is not None and geo.mode in (name, "fused"):
            parts[name] = load(_PARTS, name, "geo.mode")(path, backbone_sha256)
    if "planet" not in parts and not len(parts["gallery"]):
        raise ModelError(f"{geo.gallery}: the gallery is empty; `edgevision geo index` fills it")
    return Locator(parts.get("gallery"), parts.get("planet"))
