"""Verdicts on networks, kept by network, device and driver; told in lists and by the doctor."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from edgevision.app.device import replace_whole
from edgevision.config.folders import folder
from edgevision.evaluation.prove import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

log = logging.getLogger(__name__)

_VERSION: Final = 1
_MOST: Final = 200  # a folder that many devices share must not grow without end


@dataclass(frozen=True, slots=True)
class Proved:
    """What was proved; with another driver or runtime it is proved anew.

    Attributes:
        sha256: digest of the network's file.
        device: as `engine.device` names it.
        runtime: with its version, and that of the device's library.
    """

    sha256: str
    device: str
    runtime: str


def place(environ: Mapping[str, str]) -> Path:
    """The file that verdicts are kept in: in $XDG_STATE_HOME or ~/.local/state."""
    return folder(environ, "XDG_STATE_HOME", ".local/state") / "edgevision" / "proofs.json"


def kept(path: Path) -> dict[Proved, Verdict]:
    """All verdicts, the oldest first; a damaged file is said, and holds none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != _VERSION:
            return {}
        return dict(map(_one, content["proofs"]))
    except FileNotFoundError:
        return {}
    except OSError as error:
        log.warning("%s: cannot be read (%s); networks are proved again", path, error.strerror)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        log.warning("%s: is damaged; networks are proved again", path)
    return {}


def keep(path: Path, what: Proved, verdict: Verdict) -> None:
    """Add a verdict; where none can be written that is said, and no more."""
    known = kept(path)
    known.pop(what, None)
    known[what] = verdict
    content = {
        "version": _VERSION,
        "proofs": [{**asdict(one), **asdict(how)} for one, how in list(known.items())[-_MOST:]],
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_whole(path, json.dumps(content, indent=1))
    except OSError as error:
        log.warning("%s: a proof cannot be kept (%s); it is made again", path, error.strerror)


def _one(written: dict[str, Any]) -> tuple[Proved, Verdict]:
    proved = Proved(*(str(written[name]) for name in ("sha256", "device", "runtime")))
    numbers = (float(written[name]) for name in ("difference", "millis", "cpu_millis"))
    if not isinstance(written["ok"], bool):
        raise TypeError(written["ok"])
    return proved, Verdict(written["ok"], str(written["why"]), *numbers)
