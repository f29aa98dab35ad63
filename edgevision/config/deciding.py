"""Settings of what an answer is: when scores become a sighting, and how places are found."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from edgevision.config.types import Branch, File, Name, Number, Share, Whole


class Rule(Branch):
    """When scores become a sighting; an empty value leaves it to the next wider setting."""

    threshold: Share | None = Field(
        default=None, description="score from which something is seen; empty: the task's own"
    )
    release: Share | None = Field(
        default=None,
        description="score under which it is gone, at most threshold; empty: the task's own",
    )
    window_s: Annotated[Number, Field(ge=0, le=60)] | None = Field(
        default=None, description="seconds over which scores are smoothed; empty: the task's own"
    )
    min_hits: Annotated[Whole, Field(ge=1, le=1000)] | None = Field(
        default=None, description="frames in the window that have to agree"
    )
    hold_s: Annotated[Number, Field(ge=0, le=3600)] | None = Field(
        default=None, description="seconds without a hit after which a sighting ends"
    )
    cooldown_s: Annotated[Number, Field(ge=0, le=86400)] | None = Field(
        default=None, description="seconds after a sighting in which its label starts no other"
    )
    presence: Share | None = Field(
        default=None,
        description="summed score of the task's classes under which there is none of them",
    )
    top: Annotated[Whole, Field(ge=1, le=100)] | None = Field(
        default=None, description="best guesses that an event lists"
    )

    @model_validator(mode="after")
    def _release_fits(self) -> Rule:
        _release_under(self.release, self.threshold, "release")
        return self


class Decide(Rule):
    """When scores become a sighting: a rule for every task, with defaults, and exceptions."""

    mode: Literal["sightings", "frames"] = Field(
        default="sightings", description="one event for a sighting, or one for every frame"
    )
    min_hits: Annotated[Whole, Field(ge=1, le=1000)] = Field(
        default=3, description="frames in the window that have to agree"
    )
    hold_s: Annotated[Number, Field(ge=0, le=3600)] = Field(
        default=2.0, description="seconds without a hit after which a sighting ends"
    )
    cooldown_s: Annotated[Number, Field(ge=0, le=86400)] = Field(
        default=5.0, description="seconds after a sighting in which its label starts no other"
    )
    presence: Share = Field(
        default=0.5,
        description="summed score of the task's classes under which there is none of them",
    )
    top: Annotated[Whole, Field(ge=1, le=100)] = Field(
        default=5, description="best guesses that an event lists"
    )
    tasks: dict[Name, Rule] = Field(
        default={}, description="the same keys (without mode and tasks) for one task, by its name"
    )

    @model_validator(mode="after")
    def _release_fits(self) -> Decide:
        _release_under(self.release, self.threshold, "release")
        for name, rule in self.tasks.items():
            threshold = self.threshold if rule.threshold is None else rule.threshold
            release = self.release if rule.release is None else rule.release
            _release_under(release, threshold, f"tasks.{name}")
        return self

    def of(self, task: str) -> Decide:
        """What holds for `task`: its own rule over the general one, with `tasks` empty."""
        rule = self.tasks.get(task)
        own = {} if rule is None else {key: one for key, one in rule if one is not None}
        return self.model_copy(update={**own, "tasks": {}})


def _release_under(release: float | None, threshold: float | None, at: str) -> None:
    if release is not None and threshold is not None and release > threshold:
        raise PydanticCustomError(
            "release",
            "release {release} is over threshold {threshold}; expected at most that",
            {"release": release, "threshold": threshold, "at": at},
        )


class Geo(Branch):
    """How the task `landmarks` finds places."""

    mode: Literal["head", "planet", "gallery", "fused"] = Field(
        default="head",
        description="by known landmarks, a PlaNet head, a gallery of your photos, or all there is",
    )
    gallery: File | None = Field(
        default=None, description="folder that `edgevision geo index` made"
    )
    planet: File | None = Field(default=None, description="head that `edgevision geo planet` made")
    finest_km: Annotated[Number, Field(ge=0.1, le=20_000)] = Field(
        default=25.0, description="kilometres: no place is told finer than that"
    )

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Geo:
        needs = {"planet": self.planet, "gallery": self.gallery}
        if self.mode in needs and needs[self.mode] is None:
            key = f"geo.{self.mode}"
            raise PydanticCustomError(
                "geo", "mode {mode} needs {key}", {"mode": self.mode, "key": key, "at": "mode"}
            )
        if self.mode == "fused" and self.planet is None and self.gallery is None:
            raise PydanticCustomError(
                "geo", "mode fused needs geo.gallery, geo.planet or both", {"at": "mode"}
            )
        return self
