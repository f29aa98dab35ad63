"""How near guesses of a place are, in words and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgevision.evaluation.metrics import Share
from edgevision.geo.scales import PUBLISHED, SCALES_KM

if TYPE_CHECKING:
    from edgevision.geo.scales import Nearness


def scale_intervals(found: Nearness) -> dict[str, list[float]]:
    """The 95 % intervals of the shares, 0..1, by kilometres as `Nearness.to_dict` has them."""
    return {
        str(km): [round(end, 4) for end in Share(hits, found.n).interval()]
        for km, hits in zip(SCALES_KM.values(), found.hits, strict=True)
    }


def scale_lines(found: Nearness, what: str) -> list[str]:
    """A table of the five scales for people: `what` names our column, the papers' stand beside."""
    names = "".join(f"{paper.name:>18}" for paper in PUBLISHED)
    lines = [f"{'':21}{what:>8}  {'95 % interval':16}{names}"]
    for number, (name, km) in enumerate(SCALES_KM.items()):
        share = Share(found.hits[number], found.n)
        low, high = share.interval()
        own = "-" if share.value is None else f"{share.value:.1%}"
        papers = "".join(f"{paper.within[number]:>18.1%}" for paper in PUBLISHED)
        interval = f"{low:.1%} to {high:.1%}"
        lines.append(f"{name:>10} {km:>7} km {own:>8}  {interval:16}{papers}")
    median = "unknown" if found.median_km is None else f"{found.median_km:,.0f} km"
    lines.append(f"{found.n} photos; median error {median}")
    lines.append(f"The papers' columns: {PUBLISHED[0].where}, on the 237 photos of Im2GPS.")
    return lines
