"""What is told of a device besides its sightings, as JSON: its state, and how it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from edgevision.values.event import rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from edgevision.values.result import Decision

SCHEMA: Final = 1
"""Of these forms: docs/mqtt.md, and data/state.schema.json and data/health.schema.json."""

# Of a summary, what changes too often or is too long for a broker.
_LEFT_OUT: Final = ("decisions",)
_STAGES: Final = ("infer", "total")


def state_of(decision: Decision, moment: datetime) -> dict[str, Any]:
    """What is seen, and why or why not."""
    return {
        "schema": SCHEMA,
        "time": rfc3339(moment),
        "source": decision.source,
        "task": decision.task,
        "verdict": decision.verdict,
        "label": decision.label,
        "score": round(decision.score, 4),
        "reason": decision.reason,
    }


def health_of(summary: Mapping[str, Any], device: str, moment: datetime) -> dict[str, Any]:
    """All numbers of a run, with latencies as percentiles only."""
    latency = {
        stage: {key: one for key, one in kept.items() if key in ("p50", "p95")}
        for stage, kept in summary.get("latency_ms", {}).items()
        if stage in _STAGES
    }
    rest = {key: one for key, one in summary.items() if key not in (*_LEFT_OUT, "latency_ms")}
    return {
        "schema": SCHEMA,
        "time": rfc3339(moment),
        "device": device,
        **rest,
        "latency_ms": latency,
    }


def packed(told: Mapping[str, Any]) -> bytes:
    """As bytes of JSON; what UTF-8 cannot hold becomes "?"."""
    line = json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return line.encode("utf-8", "replace")
