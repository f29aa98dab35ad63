"""The whole tree of settings: every key with its default, range, unit and one line of words.

`config default`, `config schema`, docs/configuration.md and the messages about wrong values are
all made from, or held against, the classes here and in the modules of its branches. Short forms
(`source: URI`, `region: auto`, `model: ID`, `jsonl: true`) are widened into mappings by `widen`
before anything is checked.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from edgevision.config.camera import Privacy, Region, Source
from edgevision.config.deciding import Decide, Geo
from edgevision.config.keeping import Store
from edgevision.config.network import Engine, Governor, Model, Models
from edgevision.config.page import Web
from edgevision.config.short import widen
from edgevision.config.telling import Outputs
from edgevision.config.types import Branch, Name, branch, unlike

VERSION: Literal[1] = 1
"""The version of the tree; a change that makes older files wrong adds one and a step in migrate."""

LATER: dict[str, frozenset[str]] = {
    "": frozenset({"mqtt", "device"}),
    "outputs": frozenset({"homeassistant"}),
    "engine.device": frozenset({"gpu", "npu"}),
}
"""Words that are planned, by the key under which they stand; they are told from misspelt ones."""


class Log(Branch):
    """What the program tells about itself, on the standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="the least severe message that is written"
    )
    format: Literal["text", "json"] = Field(
        default="text", description="lines for people or for machines"
    )


class Settings(Branch):
    """All settings of edgevision."""

    version: Literal[1] = Field(default=VERSION, description="version of this file's form")
    task: Annotated[
        tuple[Name, ...], Field(min_length=1, max_length=16), AfterValidator(unlike)
    ] = Field(default=("dogs",), description="what to recognise: a task, or a list of several")
    source: Source = branch("where frames come from: an address or a mapping")
    sources: Annotated[tuple[Source, ...], Field(max_length=16)] = Field(
        default=(), description="several at once, each with a name of its own"
    )
    region: Region = branch("where to look: a kind or a mapping")
    engine: Engine = branch("what runs the network")
    model: Model = branch("the network: a name, a file or a mapping")
    models: Models = branch("networks that do not come with the package")
    governor: Governor = branch("what may change to keep a rate or a latency")
    decide: Decide = branch("when scores become a sighting")
    geo: Geo = branch("how the task landmarks finds places")
    outputs: Outputs = branch("where it is told")
    store: Store = branch("the database of events")
    privacy: Privacy = branch("what may be stored of what the camera sees")
    web: Web = branch("the web page and its API")
    log: Log = branch("what the program tells about itself")

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, given: Any) -> Any:
        return widen(given) if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _one_of_both(self) -> Settings:
        if self.sources and "source" in self.model_fields_set:
            raise PydanticCustomError(
                "sources", "source and sources are both given; expected one", {"at": "sources"}
            )
        names = [one.name for one in self.sources]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise PydanticCustomError(
                    "sources",
                    "two sources are called {name}; expected a name of its own for each",
                    {"name": name, "at": f"sources.{index}.name"},
                )
        for index, mask in enumerate(self.privacy.masks):
            if mask.source not in (None, *(one.name for one in self.every_source)):
                raise PydanticCustomError(
                    "masks",
                    "no source is called {name}; expected one of {known}",
                    {
                        "name": mask.source,
                        "known": ", ".join(one.name for one in self.every_source),
                        "at": f"privacy.masks.{index}.source",
                    },
                )
        return self

    @property
    def the_source(self) -> Source:
        """The one source, or the first, whether it was written as `source` or in `sources`."""
        return self.every_source[0]

    @property
    def every_source(self) -> tuple[Source, ...]:
        """All sources, whether written as `source` or in `sources`."""
        return self.sources or (self.source,)
