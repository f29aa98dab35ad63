"""`edgevision reload`: let a running edgevision read its settings again."""

from __future__ import annotations

import json
import os

import click

from edgevision.app.control import ask
from edgevision.cli.flags import json_flag
from edgevision.errors import ConfigError


@click.command()
@click.option("--pid", type=int, help="of the process, if several run")
@json_flag
def reload(*, pid: int | None, as_json: bool) -> None:
    """Let the running edgevision read its settings again, and say what it changed.

    Wrong settings are refused, and all stays as it was. `edgevision config plan` shows beforehand
    what would change. Ends with code 2 if it is refused, 3 if none runs.
    """
    answer = ask(os.environ, {"action": "reload"}, pid)
    if as_json:
        print(json.dumps(answer, ensure_ascii=False))
    if not answer["accepted"]:
        raise ConfigError(f"refused, all stays as it was: {answer['reason']}")
    if not as_json:
        for line in answer["reason"].split("; "):
            print(line)
