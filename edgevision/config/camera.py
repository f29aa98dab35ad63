"""Settings of what comes in: the source, where to look, what nobody may see."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from edgevision.config.types import Branch, Name, Number, Share, Switch, Text, Whole


class Source(Branch):
    """Where frames come from."""

    uri: Text = Field(
        default="auto", description="address of the camera or file, see docs/sources.md"
    )
    name: Name = Field(default="camera", description="name in events and topics")
    stall_s: Annotated[Number, Field(ge=0.5, le=600)] = Field(
        default=5.0, description="seconds without a frame after which a live source is opened again"
    )
    loop: Switch = Field(default=False, description="start a file again at its end")
    wait: Switch | None = Field(
        default=None,
        description="wait for a camera absent at first; empty: as a service, or among several",
    )


class Region(Branch):
    """Where on the frame to look, and how often when nothing moves."""

    kind: Literal["auto", "full", "centre", "zone", "motion", "zoom"] = Field(
        default="auto",
        description="full frame, its middle, a zone, what moves, a closer look, or what fits",
    )
    zone: tuple[Share, Share, Share, Share] | None = Field(
        default=None, description="x, y, width and height in 0..1 of the frame; kind zone needs it"
    )
    idle_fps: Annotated[Number, Field(ge=0, le=60)] = Field(
        default=1.0,
        description="frames per second that are looked at while nothing moves; 0 for none",
    )
    max_passes: Annotated[Whole, Field(ge=1, le=8)] = Field(
        default=2, description="most inferences for one frame"
    )
    padding: Share = Field(
        default=0.15, description="margin around what moves, as a share of its longer side"
    )
    mirror: Switch | None = Field(
        default=None,
        description="look at the mirror image, too, and take the mean; empty: at photos only",
    )

    @model_validator(mode="after")
    def _zone_fits(self) -> Region:
        if self.zone is None:
            if self.kind == "zone":
                raise PydanticCustomError(
                    "zone", "kind zone needs a zone: [x, y, width, height] in 0..1", {"at": "zone"}
                )
            return self
        x, y, width, height = self.zone
        slack = 1e-6
        if not (width > 0 and height > 0 and x + width <= 1 + slack and y + height <= 1 + slack):
            raise PydanticCustomError(
                "zone",
                "the zone leaves the frame or is empty; expected x, y, width and height with"
                " x + width and y + height at most 1",
                {"at": "zone"},
            )
        return self


class Mask(Branch):
    """A part of the picture that nobody sees."""

    points: Annotated[tuple[tuple[Share, Share], ...], Field(min_length=3, max_length=100)] = Field(
        description="corners of a polygon, each x and y in 0..1 of the frame"
    )
    source: Name | None = Field(default=None, description="name of its source; empty: of all")


class Privacy(Branch):
    """What may be stored of what the camera sees."""

    store_images: Literal["never", "event", "always"] = Field(
        default="always",
        description="no picture, pictures of sightings only, or whatever outputs are set to store",
    )
    blur: Switch = Field(
        default=False,
        description="in stored pictures, blur all but the part in which something was seen",
    )
    masks: Annotated[tuple[Mask, ...], Field(max_length=100)] = Field(
        default=(), description="parts of the picture that are black before anything sees them"
    )
