"""`edgevision config plan`: what a reload would change."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from edgevision.app.control import ask
from edgevision.app.plan import changes, from_dict, in_words
from edgevision.app.status import found
from edgevision.config.layers import load
from edgevision.config.schema import Settings
from edgevision.errors import ConfigError


@click.command()
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--pid", type=int, help="of the process, if several run")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def plan(path: Path | None, pid: int | None, as_json: bool) -> None:
    """Show what a reload would change, and what has to be opened again for it.

    FILE stands for the file that the running edgevision reads. Where none runs, it is compared with
    the defaults. Nothing is changed.
    """
    running = any(one.alive and pid in (None, one.pid) for one in found(os.environ))
    if running:
        whole = None if path is None else str(path.absolute())
        planned = _checked(ask(os.environ, {"plan": whole}, pid))
    else:
        new = load(path, os.environ, {})
        planned = {"changes": [one.to_dict() for one in changes(Settings(), new)]}
    against = "running" if running else "defaults"
    if as_json:
        print(json.dumps({"against": against, **planned}, indent=2, ensure_ascii=False))
        return
    if not running:
        print("# none runs; against the defaults")
    for one in planned["changes"]:
        print(in_words(from_dict(one)))
    if not planned["changes"]:
        print("nothing would change")


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    if "problems" in answer:
        raise ConfigError(*answer["problems"])
    return answer
