"""Settings of the network, of what runs it, and of what may change while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from edgevision.config.folders import folder
from edgevision.config.types import (
    Branch,
    File,
    Name,
    Number,
    Resolution,
    Switch,
    Text,
    Whole,
    unlike,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Engine(Branch):
    """What runs the network."""

    runtime: Literal["auto", "litert", "tflite_runtime"] = Field(
        default="auto",
        description="the installed TFLite runtime to use; auto takes LiteRT if it is there",
    )
    device: Literal["auto", "cpu", "edgetpu", "usb", "pci", ":0", ":1", ":2", ":3"] = Field(
        default="auto",
        description="CPU or Edge TPU (all, a bus's, or one); auto leaves it to the file",
    )
    threads: Annotated[Whole, Field(ge=1, le=64)] = Field(
        default=1, description="threads of one inference; the other cores decode and draw"
    )
    xnnpack: Switch = Field(default=True, description="use XNNPACK's faster kernels")
    invoke_timeout_s: Annotated[Number, Field(ge=0.05, le=60)] = Field(
        default=2.0, description="seconds that an inference on an Edge TPU may take"
    )
    max_failures: Annotated[Whole, Field(ge=1, le=1000)] = Field(
        default=3, description="failures in a row after which frames stay on the CPU for a while"
    )
    retry_s: Annotated[Number, Field(ge=0.1, le=86400)] = Field(
        default=60.0,
        description="seconds after which an Edge TPU is tried again then; up to ten times as long",
    )
    child_python: File | None = Field(
        default=None,
        description="Python that runs the Edge TPU's process; empty: that of edgevision",
    )


class Model(Branch):
    """The network, its labels and its heads."""

    use: Text = Field(
        default="default", description="name of a model in the package, or a .tflite file"
    )
    labels: File | None = Field(default=None, description="label file for a model that brings none")
    heads: dict[Name, File] = Field(
        default={}, description="head file (.npz) by task, in place of the one in the package"
    )
    mean: Annotated[Number, Field(ge=0, le=255)] | None = Field(
        default=None,
        description="of the bytes in training; empty: 127.5 for float inputs, else as quantised",
    )
    deviation: Annotated[Number, Field(gt=0, le=255)] | None = Field(
        default=None, description="by which bytes less mean were divided; empty: as for mean"
    )

    resolution: Resolution | None = Field(
        default=None, description="side of the network's input in pixels; empty: the file's own"
    )
    budget_ms: Annotated[Number, Field(gt=0, le=60_000)] | None = Field(
        default=None,
        description="milliseconds that an inference may take: the most accurate network is chosen",
    )

    @model_validator(mode="after")
    def _one_choice(self) -> Model:
        if self.budget_ms is not None and (self.use != "default" or self.resolution is not None):
            raise PydanticCustomError(
                "budget",
                "budget_ms chooses network and resolution itself; expected it or those",
                {"at": "budget_ms"},
            )
        return self


class Models(Branch):
    """Networks that do not come with the package."""

    auto_pull: Switch = Field(
        default=False, description="fetch a network of the registry when it is first used"
    )
    folder: File | None = Field(
        default=None,
        description="where they are kept; empty: edgevision/models in the user's data folder",
    )

    def place(self, environ: Mapping[str, str]) -> Path:
        """The folder: `folder`, else in $XDG_DATA_HOME or ~/.local/share."""
        if self.folder is not None:
            return self.folder
        return folder(environ, "XDG_DATA_HOME", ".local/share") / "edgevision" / "models"


class Governor(Branch):
    """Keeps a rate or a latency by changing resolution and threads while it runs."""

    target_fps: Annotated[Number, Field(gt=0, le=240)] | None = Field(
        default=None, description="frames per second to keep up with; empty: none"
    )
    max_latency_ms: Annotated[Number, Field(gt=0, le=60_000)] | None = Field(
        default=None, description="milliseconds from frame to answer to stay under; empty: none"
    )
    resolutions: Annotated[
        tuple[Resolution, ...], Field(min_length=1, max_length=16), AfterValidator(unlike)
    ] = Field(default=(224, 192, 160, 128), description="sides in pixels that it may choose from")
    max_threads: Annotated[Whole, Field(ge=1, le=64)] | None = Field(
        default=None, description="most threads of an inference; empty: engine.threads"
    )
    max_temperature_c: Annotated[Number, Field(ge=30, le=120)] | None = Field(
        default=None,
        description="degrees Celsius to stay under; empty: 75 on a Pi, 90 on an Orin, else none",
    )
