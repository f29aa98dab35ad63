"""Is it well? A frozen state and its transitions: pure, no clock, no log."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Name = Literal["starting", "healthy", "degraded", "failed"]


def _none() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class State:
    """What is known to be wrong, and whether it has ever worked.

    starting    no frame was answered yet, and nothing is wrong
    healthy     frames are answered, and nothing is wrong
    degraded    something is wrong (each thing with its reason), and it goes on as well as it can
    failed      it gave up, for a reason; nothing leads out of this but a new process

    Attributes:
        begun: a frame was answered.
        troubles: by what is concerned ("source yard", "engine"), why; each once.
        failure: why it gave up, or None.
    """

    begun: bool = False
    troubles: Mapping[str, str] = field(default_factory=_none)
    failure: str | None = None

    @property
    def name(self) -> Name:
        """The state in one word."""
        if self.failure is not None:
            return "failed"
        if self.troubles:
            return "degraded"
        return "healthy" if self.begun else "starting"

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not well, a line for each thing; the failure first."""
        failure = () if self.failure is None else (self.failure,)
        return (*failure, *(f"{what}: {why}" for what, why in self.troubles.items()))

    def answered(self) -> State:
        """A frame was answered."""
        return self if self.begun else replace(self, begun=True)

    def with_trouble(self, what: str, why: str) -> State:
        """`what` is not as it should be."""
        if self.troubles.get(what) == why:
            return self
        return replace(self, troubles=MappingProxyType({**self.troubles, what: why}))

    def without_trouble(self, what: str) -> State:
        """`what` is as it should be."""
        if what not in self.troubles:
            return self
        left = {other: why for other, why in self.troubles.items() if other != what}
        return replace(self, troubles=MappingProxyType(left))

    def failed(self, why: str) -> State:
        """It gave up; the first reason stays."""
        return self if self.failure is not None else replace(self, failure=why)
