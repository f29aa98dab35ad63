"""Every error that edgevision raises on purpose, and the exit code that each one means.

    EdgevisionError
    ├── WrittenError        exit 2: what was written is wrong; trying again will not help
    │   ├── ConfigError     a setting, a flag or a variable
    │   ├── UriError        a source's address
    │   ├── ModelError      a model, head or label file
    │   │   └── RefusedError  a network that did not prove itself on a device
    │   ├── PhotoError      an image that cannot be read
    │   ├── CommandError    a command to the running program
    │   └── ExtraError      a kind whose packages are not installed
    └── AbsentError         exit 3: a device, file or service is not there now; try again later
        ├── SourceError     a camera, stream or file that does not open or stopped giving frames
        ├── EngineError     the runtime, its delegate or an inference
        ├── OutputError     a file, window or service that cannot be written to
        ├── StoreError      no database of events, a damaged one, another program's
        ├── FetchError      a download that did not come through
        └── NotRunningError no process of ours runs that could be asked

Exceptions of libraries are turned into one of these where the library is called, so that the
words of an error are chosen by the code which knows what the user asked for.
"""

from __future__ import annotations

from typing import ClassVar


class EdgevisionError(Exception):
    """Base of all: the message is one line that says where, what was given and what would do."""

    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        return " ".join(super().__str__().split())


class WrittenError(EdgevisionError):
    """What was written is wrong (exit 2); a service manager should not restart."""

    exit_code: ClassVar[int] = 2


class ConfigError(WrittenError):
    """One or more wrong settings; `problems` holds one line for each.

    Args:
        problems: a line, or several, each of the form ``where: key: what is wrong``.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)


class UriError(WrittenError):
    """A source's address that is not of the grammar in docs/sources.md."""


class ModelError(WrittenError):
    """A model, head or label file that is damaged, of the wrong form, or does not fit the other."""


class RefusedError(ModelError):
    """A network that gives something else on an accelerator than on the CPU, with its figures."""


class PhotoError(WrittenError):
    """A file that is no readable image."""


class CommandError(WrittenError):
    """A command to the running program that is malformed."""


class ExtraError(WrittenError):
    """A kind of source or output whose optional packages are not installed."""


class AbsentError(EdgevisionError):
    """Something is not there now (exit 3); a service manager should try again."""

    exit_code: ClassVar[int] = 3


class SourceError(AbsentError):
    """A camera, stream or video that does not open, or that stopped giving frames."""


class EngineError(AbsentError):
    """The runtime or its delegate is missing, or an inference failed."""


class OutputError(AbsentError):
    """A file, window or service that cannot be opened or written to."""


class StoreError(AbsentError):
    """Events that cannot be read: there is no database, or it is damaged or another program's."""


class FetchError(AbsentError):
    """A download that did not come through: no network, no such file there, a full disk."""


class NotRunningError(AbsentError):
    """No edgevision runs that could be asked or told."""
