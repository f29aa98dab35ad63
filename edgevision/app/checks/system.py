"""Disk, memory, the clock and the configuration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edgevision.app.checks.finding import Finding
from edgevision.config.layers import trace
from edgevision.config.schema import Settings
from edgevision.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from edgevision.app.checks.finding import Device

_SCARCE_DISK_MB, _FULL_DISK_MB = 500, 50
# A run takes up to 160 MB; less than this much more begins to push other programs out.
_SCARCE_MEMORY_MB, _LITTLE_MEMORY_MB = 250, 100
# A clock before this year was never set: a Pi has no battery for it.
_SET_SINCE = 2024


def disk(device: Device) -> Finding:
    """Free space where events are kept."""
    folder = _existing(_settings(device).store.file(device.environ).parent)
    try:
        free = device.free_bytes(folder) // 1_000_000
    except OSError as error:
        fix = "set store.path to a folder that can be read"
        return Finding("FAIL", f"{folder}: {error.strerror}", fix)
    found = f"{free} MB free at {folder}"
    if free < _FULL_DISK_MB:
        return Finding("FAIL", found, f"delete what is not needed: du --max-depth 2 {folder}")
    if free < _SCARCE_DISK_MB:
        return Finding("WARN", found, f"delete what is not needed: du --max-depth 2 {folder}")
    return Finding("OK", found)


def memory(device: Device) -> Finding:
    """What is left for this program."""
    text = device.read("proc/meminfo") or ""
    match = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    if match is None:
        return Finding("WARN", "unknown: no MemAvailable in /proc/meminfo", "mount /proc")
    free = int(match[1]) * 1024 // 1_000_000
    fix = "end other programs: ps -e --sort -rss -o rss,comm | head"
    if free < _LITTLE_MEMORY_MB:
        return Finding("FAIL", f"{free} MB available", fix)
    if free < _SCARCE_MEMORY_MB:
        return Finding("WARN", f"{free} MB available", fix)
    return Finding("OK", f"{free} MB available")


def clock(device: Device) -> Finding:
    """Whether it was set; events carry its time."""
    now = device.now()
    found = now.strftime("%Y-%m-%d %H:%M UTC")
    if now.year < _SET_SINCE:
        return Finding("WARN", f"{found} cannot be right", "sudo timedatectl set-ntp true")
    return Finding("OK", found)


def config(device: Device) -> Finding:
    """The file that holds the settings, and whether they are all right."""
    try:
        loaded = trace(device.config, device.environ, {})
    except ConfigError as error:
        first, others = error.problems[0], len(error.problems) - 1
        more = f" (and {others} more)" if others else ""
        return Finding("FAIL", first + more, "mend it, then: edgevision config check")
    return Finding("OK", str(loaded.path) if loaded.path else "no file; the defaults hold")


def _settings(device: Device) -> Settings:
    try:
        return trace(device.config, device.environ, {}).settings
    except ConfigError:
        return Settings()


def _existing(folder: Path) -> Path:
    return next(one for one in (folder, *folder.parents) if one.exists())
