"""Something slow, done ahead in a thread of its own."""

from __future__ import annotations

from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from edgevision.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from threading import Event

Item = TypeVar("Item")

_CLOSING_SECONDS = 1.0


def read_ahead(items: Iterator[Item], depth: int) -> Iterator[Item]:
    """The same items in the same order, made by a thread that is at most `depth` of them ahead.

    What making them raises is raised here, after the items before it. Closing the iterator ends
    the thread, which is waited for.
    """
    room: SimpleQueue[bool] = SimpleQueue()
    made: SimpleQueue[tuple[Item, ...] | None] = SimpleQueue()
    for _ in range(depth):
        room.put(item=True)

    def make(_: Event) -> None:
        try:
            while room.get():
                made.put((next(items),))
        except StopIteration:
            pass
        finally:
            made.put(None)

    worker = Worker("ahead", make, patient=True).start()
    try:
        while (one := made.get()) is not None:
            yield one[0]
            room.put(item=True)
        worker.wait(_CLOSING_SECONDS)
        if worker.error is not None:
            raise worker.error
    finally:
        room.put(item=False)
        worker.wait(_CLOSING_SECONDS)
