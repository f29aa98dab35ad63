"""The ways of finding a place: by the gallery, by PlaNet's head, or by both together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from edgevision.geo.spread import mixed
from edgevision.geo.voting import NEIGHBOURS, voted

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgevision.geo.gallery import Gallery
    from edgevision.geo.planet import PlanetHead
    from edgevision.geo.spread import Spread

Mode = Literal["gallery", "planet", "fused"]

BANDWIDTH_KM: Final = 1000.0
"""Of the kernel with which the densest place is found: see docs/geolocation.md."""

FINEST_KM: Final = 25.0
"""No answer claims to be nearer than that unless asked to: the city, not the street."""

_GALLERY_SHARE: Final = 0.3


@dataclass(frozen=True, slots=True)
class Locator:
    """What is asked for a place; `fused` takes what there is of the two.

    Attributes:
        gallery, head: of the same backbone, or None.
        neighbours: how many photos of the gallery vote.
    """

    gallery: Gallery | None = None
    head: PlanetHead | None = None
    neighbours: int = NEIGHBOURS

    def spread(self, vector: npt.NDArray[Any], without: str | None = None) -> Spread | None:
        """The distribution over the earth for an embedding (features,).

        Args:
            vector: of the photo.
            without: name of a photo of the gallery that has no vote.

        Returns:
            None if nothing can be said: an empty gallery and no head.
        """
        parts: list[Spread] = []
        if self.gallery is not None:
            near = self.gallery.search(vector, self.neighbours, without=without)
            parts += [voted(near)] if near else []
        if self.head is not None:
            parts.append(self.head.spread(vector))
        return fuse(parts)


def fuse(parts: list[Spread]) -> Spread | None:
    """One distribution of the gallery's and the head's, in this order; of one, that one."""
    if len(parts) <= 1:
        return parts[0] if parts else None
    neighbours, cells = parts
    return mixed([(neighbours, _GALLERY_SHARE), (cells, 1 - _GALLERY_SHARE)])
