"""Once a second: how is it? Reads the board's sensors, writes the status file, tells systemd."""

from __future__ import annotations

import faulthandler
import logging
import math
from time import perf_counter
from typing import TYPE_CHECKING, Any

from edgevision.app.process import io_bytes, peak_rss_mb, rss_mb
from edgevision.app.sensors import Reading
from edgevision.pipeline.pulse import Pulse, Signs
from edgevision.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event
    from types import TracebackType

    from typing_extensions import Self

    from edgevision.app.sensors import Sensors
    from edgevision.app.status import StatusFile
    from edgevision.app.systemd import Notifier
    from edgevision.pipeline.health import Health

log = logging.getLogger(__name__)

_TICK_SECONDS = 1.0
_SENSORS_SECONDS = 5.0
# How often systemd is told the rate; a change of the state is told at once.
_WORDS_SECONDS = 10.0
# An inference, or the time between two frames of a stream that works, is far shorter everywhere.
_PATIENCE_SECONDS = 15.0


class Heart:
    """Tells how the run goes while it is entered, in a thread of its own.

    systemd is told that the service is ready once a frame was answered or the source is waited for,
    and gets a sign of life only while it advances.

    Args:
        health: all numbers; process and board are watched for it.
        status: the file to write, or None.
        notifier: for systemd.
        sensors: of the board.
        take: is given each of their readings, with the time.
    """

    def __init__(
        self,
        health: Health,
        status: StatusFile | None,
        notifier: Notifier,
        sensors: Sensors,
        take: Callable[[float, Reading], None] | None = None,
    ) -> None:
        self._take = take
        self._health = health
        self._status = status
        self._notifier = notifier
        self._sensors = sensors
        self._pulse = Pulse(_PATIENCE_SECONDS)
        self._reading = Reading()
        self._read_at = float("-inf")
        self._written_at = float("-inf")
        self._said: tuple[str, ...] = ()
        self._said_at = float("-inf")
        self._ready = False
        self._worker = Worker("heart", self._beat)

    @property
    def reading(self) -> Reading:
        """The last one of the sensors."""
        return self._reading

    def __enter__(self) -> Self:
        self._health.watch("process", "", _of_process)
        self._health.watch("board", "", self._of_board, self._trouble_of_board)
        if self._status is not None:
            try:
                self._status.open()
            except OSError as error:
                self._gives_up_status(error)
        if self._notifier.is_service:
            # The watchdog ends what hangs by SIGABRT: the journal then tells where it hung.
            faulthandler.enable()
        self._worker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._worker.stop()
        self._notifier.tell("STOPPING=1")
        if error is not None and isinstance(error, Exception):
            self._health.fail(str(error) or type(error).__name__)
            self._notifier.tell(f"STATUS=failed: {error}")
            self._write(self._health.summary())
        elif self._status is not None:
            self._status.remove()

    def _beat(self, stopping: Event) -> None:
        while True:
            self.tick(perf_counter())
            if stopping.wait(_TICK_SECONDS):
                return

    def tick(self, now: float) -> None:
        """One beat, at `now` of `perf_counter`."""
        if now - self._read_at >= _SENSORS_SECONDS:
            self._reading, self._read_at = self._sensors.read(), now
            if self._take is not None:
                self._take(now, self._reading)
        summary = self._health.summary()
        if self._pulse.beats(now, self._signs(now, summary)):
            self._notifier.tell("WATCHDOG=1")
        self._tell_systemd(now, summary)
        if self._status is not None and now - self._written_at >= self._status.every_s:
            self._write(summary)
            self._written_at = now

    def _signs(self, now: float, summary: dict[str, Any]) -> Signs:
        sources = summary.get("sources", {}).values()
        since = self._health.inferring_since
        waiting = max((one.get("waiting_s", 0.0) for one in sources), default=0.0)
        # A file whose frames wait because somebody froze the answer does as it should.
        held = summary.get("control", {}).get("held", False)
        return Signs(
            answered=summary["frames"],
            tries=sum(
                one.get(name, 0) for one in sources for name in ("opened", "stalls", "errors")
            ),
            waiting_s=math.inf if held else waiting,
            inferring_s=None if since is None else now - since,
        )

    def _tell_systemd(self, now: float, summary: dict[str, Any]) -> None:
        states = [one.get("state") for one in summary.get("sources", {}).values()]
        if not self._ready and (summary["frames"] or "waiting" in states):
            self._ready = True
            self._notifier.tell("READY=1")
        what = (summary["state"], *summary["reasons"])
        if what != self._said or now - self._said_at >= _WORDS_SECONDS:
            self._said, self._said_at = what, now
            self._notifier.tell(f"STATUS={_in_words(summary)}")

    def _write(self, summary: dict[str, Any]) -> None:
        if self._status is None:
            return
        try:
            self._status.write(summary)
        except OSError as error:
            self._gives_up_status(error)

    def _gives_up_status(self, error: OSError) -> None:
        where = None if self._status is None else self._status.path
        log.warning("%s: cannot be written (%s): `status` will not tell", where, error.strerror)
        self._status = None

    def _of_board(self) -> dict[str, Any]:
        return self._reading.to_dict()

    def _trouble_of_board(self) -> str | None:
        return ", ".join(self._reading.now) or None


def _of_process() -> dict[str, Any]:
    read, written = io_bytes()
    return {
        "rss_mb": round(rss_mb(), 1),
        "peak_rss_mb": round(peak_rss_mb(), 1),
        "read_bytes": read,
        "written_bytes": written,
    }


def _in_words(summary: dict[str, Any]) -> str:
    """For `systemctl status`: the state and its reasons, or the rate."""
    if summary["reasons"]:
        return f"{summary['state']}: {'; '.join(summary['reasons'])}"
    return f"{summary['state']}, {summary['fps_now']:.0f} frames/s"
