"""Work that is spread over machines, by Dask; no other module knows that library."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any, Final, TypeVar

from distributed import Client, LocalCluster

from edgevision.errors import AbsentError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from typing_extensions import Self

Part = TypeVar("Part")
Made = TypeVar("Made")

LOCAL: Final = "local:"
_AHEAD: Final = 3  # parts a worker, so that none waits for the next
_SECONDS: Final = 20


class Cluster:
    """Runs a function over parts, in the order of the parts.

    Args:
        where: "local:2" for so many processes of this machine, or the address of a scheduler, such
            as "tcp://10.0.0.5:8786". Its workers need this package, in the same version, and see
            files under the same paths.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._local: Any = None
        self._client: Any = None

    def __enter__(self) -> Self:
        logging.getLogger("distributed").setLevel(logging.ERROR)
        address: Any = self._where
        try:
            if self._where.startswith(LOCAL):
                self._local = address = LocalCluster(  # type: ignore[no-untyped-call]  # Dask has no types
                    n_workers=_count(self._where),
                    threads_per_worker=1,
                    host="127.0.0.1",
                    dashboard_address=None,
                )
            self._client = Client(address, timeout=_SECONDS)  # type: ignore[no-untyped-call]  # nor here
        except (OSError, ValueError) as error:
            raise AbsentError(
                f"--cluster {self._where}: no scheduler answers there ({error}); give the address "
                "that `dask scheduler` prints, or local:2"
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for one in (self._client, self._local):
            if one is not None:
                one.close()

    def each(self, do: Callable[[Part], Made], parts: Iterable[Part]) -> Iterator[Made]:
        """What `do` makes of each part, in their order; a few parts ahead of whoever takes them.

        Args:
            do: a function of a module, or a `partial` of one: workers import it.
            parts: what can be sent.

        Raises:
            Exception: what `do` raised.
        """
        waiting: deque[Any] = deque()
        most = _AHEAD * max(len(self._client.scheduler_info()["workers"]), 1)
        for part in parts:
            waiting.append(self._client.submit(do, part, pure=False))
            if len(waiting) >= most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _count(where: str) -> int:
    text = where.removeprefix(LOCAL)
    if not text.isdecimal() or not 1 <= int(text) <= 256:  # noqa: PLR2004 - processes of one machine
        raise ConfigError(f"--cluster {where}: expected local: and a number from 1 to 256")
    return int(text)
