"""When events are told, by the hub's own looks and not by a clock."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from edgevision.web.hub import LOOK_SECONDS, Hub


async def told_after(rig, event) -> list[str]:
    """The kinds of what a listener is told after `event` was kept, until it is told itself."""
    hub = Hub(rig.site)
    running = asyncio.create_task(hub.run())
    messages = hub.listen()
    kinds = []
    try:
        while "state" not in kinds:
            kinds.append(kind_of(await anext_of(messages)))
        # Nothing runs in between: the hub is in this loop.
        rig.keep(event)
        kinds = []
        while "event" not in kinds and len(kinds) < 20:
            kinds.append(kind_of(await anext_of(messages)))
        return kinds
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def anext_of(messages) -> str:
    return await asyncio.wait_for(messages.__anext__(), 60)


def kind_of(message: str) -> str:
    return message.partition("\n")[0].removeprefix("event: ")


@pytest.mark.parametrize("first", [False, True], ids=["into-a-store", "the-first-of-all"])
def test_an_event_is_told_at_the_next_look(rig, make_event, first):
    if not first:
        rig.keep(make_event(1))
    kinds = asyncio.run(told_after(rig, make_event(2)))
    assert "event" in kinds
    # Each tick tells the state before it looks.
    assert kinds.count("state") <= LOOK_SECONDS / 0.25 + 1
    assert LOOK_SECONDS < 2
