"""A stream from the network, RTSP or HTTP, through FFmpeg."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import av

from edgevision.errors import SourceError
from edgevision.sources.picture import Converter, reason
from edgevision.sources.reading import Reading
from edgevision.values.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgevision.sources.uri import Address

TIMEOUT_SECONDS = 10.0
PROTOCOLS = "http,https,httpproxy,tls,tcp,udp,rtp,srtp,rtsp,rtsps,crypto,data"
BROKEN_IN_A_ROW = 100


class Network(Reading):
    """The frames of a network camera as they arrive.

    It keeps no queue of its own beyond what the decoder needs; who reads slowly wraps it so that
    only the newest frame counts. `Frame.seconds` is this machine's monotonic clock.

    Options: `timeout` 10 (seconds for opening, and for each read), `transport` tcp or udp (RTSP).
    """

    live = True

    def __init__(self, address: Address, name: str) -> None:
        super().__init__(address, name)
        self._container: Any = None
        self._converter = Converter()

    def open(self) -> None:
        """Connect, and find the video stream.

        Raises:
            SourceError: if there is no answer in time, or no video in it.
        """
        timeout = float(self.address.options.get("timeout", TIMEOUT_SECONDS))
        options = {
            "fflags": "nobuffer",
            "flags": "low_delay",
            "analyzeduration": "1000000",  # microseconds; FFmpeg's own 5 s delay the first frame
            "protocol_whitelist": PROTOCOLS,
        }
        if self.address.kind == "rtsp":
            options["rtsp_transport"] = str(self.address.options.get("transport", "tcp"))
            options["allowed_media_types"] = "video"
        try:
            self._container = av.open(
                self.address.target, options=options, timeout=(timeout, timeout)
            )
        except (av.FFmpegError, OSError, ValueError) as error:
            # `from None`: FFmpeg's own message names the address with its password.
            raise SourceError(f"source {self._where}: does not open: {reason(error)}") from None
        if not self._container.streams.video:
            self.close()
            raise SourceError(f"source {self._where}: has no video in it")
        context = self._container.streams.video[0].codec_context
        context.thread_count = 1
        context.thread_type = "SLICE"  # frame threads hold back a frame each

    def close(self) -> None:
        """Disconnect."""
        container, self._container = self._container, None
        if container is not None:
            container.close()

    def __iter__(self) -> Iterator[Frame]:
        """Frames until the stream ends or `stop()`.

        Raises:
            SourceError: if nothing comes within the time limit, or the connection breaks.
        """
        number = 0
        for packet in self._packets():
            for decoded in self._decode(packet):
                if self.stopping.is_set():
                    return
                try:
                    pixels = self._converter.rgb(decoded)
                except (av.FFmpegError, ValueError) as error:
                    raise SourceError(f"source {self._where}: {reason(error)}") from None
                taken_at = datetime.now(timezone.utc)
                yield Frame(pixels, number, time.monotonic(), self.name, taken_at)
                number += 1

    def _packets(self) -> Iterator[Any]:
        packets = self._container.demux(self._container.streams.video[0])
        while not self.stopping.is_set():
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError) as error:
                raise SourceError(f"source {self._where}: stopped: {reason(error)}") from None
            if packet is None:
                return
            yield packet

    def _decode(self, packet: Any) -> list[Any]:
        # Joining a stream in its middle, and losing a datagram, give packets that do not decode.
        try:
            pictures: list[Any] = packet.decode()
        except av.FFmpegError as error:
            self._broken += 1
            if self._broken > BROKEN_IN_A_ROW:
                raise SourceError(f"source {self._where}: {reason(error)}") from None
            return []
        self._broken = 0
        return pictures

    _broken = 0

    @property
    def _where(self) -> str:
        return self.address.display()
