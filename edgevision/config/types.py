"""What the keys of the tree are made of: kinds of values, and the mapping that a branch is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError


def _path(path: Path) -> Path:
    if any(ord(letter) < ord(" ") for letter in str(path)):
        raise PydanticCustomError("path", "a path holds no control characters")
    try:
        return path.expanduser()
    except RuntimeError:
        raise PydanticCustomError("path", "there is no such user's home folder") from None


def unlike(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """`values`, if no two are the same."""
    if len(set(values)) < len(values):
        raise PydanticCustomError("twice", "a value stands twice in the list")
    return values


_TOPIC = r"^[^\x00-\x20+#$/][^\x00-\x20+#]*$"
Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Share = Annotated[Number, Field(ge=0, le=1)]
Switch = Annotated[bool, Field(strict=True)]
Text = Annotated[str, Field(strict=True, min_length=1, max_length=2000, pattern=r"^[^\x00-\x1f]+$")]
Name = Annotated[
    str, Field(strict=True, min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
]
Clock = Annotated[str, Field(strict=True, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Topic = Annotated[str, Field(strict=True, min_length=1, max_length=200, pattern=_TOPIC)]
Resolution = Annotated[Whole, Field(ge=32, le=1024, multiple_of=32)]
File = Annotated[Path, AfterValidator(_path)]


def branch(says: str) -> Any:
    """A branch that is there with its own defaults when nothing is given."""
    return Field(default={}, validate_default=True, description=says)


class Branch(BaseModel):
    """A mapping of the tree: no unknown keys, and nobody changes it after loading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, protected_namespaces=(), defer_build=True
    )
