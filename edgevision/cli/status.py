"""`edgevision status`: how a running edgevision is."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import click

from edgevision.app.status import Told, found
from edgevision.cli.flags import json_flag
from edgevision.errors import NotRunningError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_COLOURS = {"healthy": "green", "starting": "yellow", "degraded": "yellow"}


@click.command()
@json_flag
@click.option("--pid", type=int, help="of the process, if several run")
def status(*, as_json: bool, pid: int | None) -> None:
    """Tell how a running edgevision is: state, rate, latency, decisions, sources, outputs, heat.

    With --json a line for each process. Ends with code 3 if none runs.
    """
    every = [one for one in found(os.environ) if pid in (None, one.pid)]
    running = [one for one in every if one.alive]
    if not running:
        raise NotRunningError(_why_none(every, pid))
    for one in running:
        if as_json:
            print(json.dumps(dict(one.status), ensure_ascii=False))
        else:
            for line in lines(one):
                click.echo(line, color=False if os.environ.get("NO_COLOR") else None)


def lines(one: Told) -> Iterator[str]:
    """What it says, for people."""
    said = one.status
    state = click.style(one.state, fg=_COLOURS.get(one.state, "red"), bold=True)
    yield f"{state}  edgevision {said['version']}, process {one.pid}, {_since(said['started_at'])}"
    for reason in said.get("reasons", []):
        yield f"  {reason}"
    side = said.get("resolution")
    at = "" if side is None else f" at {side} pixels, {_of(said['threads'], 'thread')}"
    control = said.get("control", {})
    names = ", ".join(control.get("tasks", said.get("tasks", [])))
    yield f"task       {names}; model {said.get('model')}{at}"
    if control.get("frozen") or not control.get("enabled", True):
        yield f"paused     {'frozen' if control['frozen'] else 'switched off'}"
    for name, source in said.get("sources", {}).items():
        yield f"source     {name}: {_source(source)}"
    yield f"speed      {_speed(said)}"
    yield f"decisions  {_decisions(said)}"
    yield f"events     {said.get('events', 0)}{_store(said.get('store'))}"
    for name, output in said.get("outputs", {}).items():
        if output.get("last_error") or output.get("lost_events"):
            lost = f"{output['lost_events']} events lost"
            yield f"output     {name}: {output.get('last_error') or 'works again'}, {lost}"
    dropped = said.get("dropped", {})
    if dropped:
        yield "left out   " + ", ".join(f"{count} by {name}" for name, count in dropped.items())
    yield f"board      {_board(said)}"


def _why_none(every: list[Told], pid: int | None) -> str:
    whose = "edgevision" if pid is None else f"process {pid}"
    last = max(every, key=lambda one: str(one.status.get("written_at", "")), default=None)
    if last is None:
        return f"{whose} is not running; start it with: edgevision run"
    if last.state == "failed":
        why = "; ".join(last.status.get("reasons", []))
        return f"{whose} is not running; process {last.pid} gave up: {why}"
    when = last.status.get("written_at", "an unknown time")
    return f"{whose} is not running; process {last.pid} was last heard of at {when}, and was killed"


def _since(text: str) -> str:
    began = datetime.fromisoformat(text.replace("Z", "+00:00"))
    seconds = max((datetime.now(timezone.utc) - began).total_seconds(), 0)
    days, hours, minutes = (int(seconds // unit) for unit in (86400, 3600, 60))
    if days:
        return f"up {_of(days, 'day')} {hours % 24} h"
    return f"up {hours} h {minutes % 60} min" if hours else f"up {minutes} min {seconds % 60:.0f} s"


def _of(count: int | None, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _source(source: Mapping[str, Any]) -> str:
    parts = [str(source.get("state"))]
    if source.get("reconnects"):
        parts.append(f"opened again {_of(source['reconnects'], 'time')}")
    if source.get("stalls"):
        parts.append(_of(source["stalls"], "stall"))
    if source.get("last_error"):
        parts.append(f"last trouble: {source['last_error']}")
    return ", ".join(parts)


def _speed(said: Mapping[str, Any]) -> str:
    latency = said.get("latency_ms", {})
    words = f"{said.get('fps_now', 0):.1f} frames/s, {said.get('frames', 0)} frames"
    if "total" in latency:
        total, infer = latency["total"], latency["infer"]
        words += f"; frame to answer {total['p50']:.1f} ms (95 %: {total['p95']:.1f} ms)"
        words += f", network {infer['p50']:.1f} ms"
    return words


def _decisions(said: Mapping[str, Any]) -> str:
    rows = said.get("decisions", [])
    several = len({row["task"] for row in rows}) > 1
    told = (
        f"{row['count']} {row['task'] + ' ' if several else ''}{row['cause']}"
        for row in sorted(rows, key=lambda row: -row["count"])
    )
    return ", ".join(told) or "none yet"


def _store(store: Mapping[str, Any] | None) -> str:
    if store is None:
        return ", not kept"
    waiting = f", {store['waiting']} wait for the disk" if store["waiting"] else ""
    lost = f", {store['unsaved']} lost" if store["unsaved"] else ""
    return f", kept in {store['path']}{waiting}{lost}"


def _board(said: Mapping[str, Any]) -> str:
    board, process = said.get("board", {}), said.get("process", {})
    heat = board.get("temperature_c")
    parts = ["no thermometer" if heat is None else f"{heat:.0f} °C"]
    parts += [f"{what} now" for what in board.get("throttled_now", [])]
    parts.append(f"memory {process.get('rss_mb', 0):.0f} MB")
    parts.append(f"written to disk {process.get('written_bytes', 0) / 1e6:.1f} MB")
    return ", ".join(parts)
