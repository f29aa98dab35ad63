"""A mosquitto of its own for a benchmark: started, killed, started again; and who hears it all."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from time import monotonic, sleep, time
from typing import TYPE_CHECKING, Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

if TYPE_CHECKING:
    from pathlib import Path

    from paho.mqtt.client import MQTTMessage
    from typing_extensions import Self

_START_SECONDS = 20.0


class Mosquitto:
    """Listens on a free port of this machine; knows its subscribers again after it was killed."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
        if program is None:
            sys.exit("needs mosquitto: apt-get install mosquitto")
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port: int = one.getsockname()[1]
        config = folder / "mosquitto.conf"
        # Without limits a message is written to its subscriber before it is acknowledged, and one
        # of quality 0 is queued for a subscriber that is on its way back.
        lines = [
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "persistence true",
            f"persistence_location {folder}/",
            "autosave_interval 0",
            "max_inflight_messages 0",
            "max_queued_messages 0",
            "queue_qos0_messages true",
            *(["user root"] if os.geteuid() == 0 else []),
        ]
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._command = [program, "-c", str(config)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = monotonic() + _START_SECONDS
        while monotonic() < until and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                sleep(0.02)
                continue
            return
        sys.exit("mosquitto does not start")

    def end(self) -> None:
        """Ask it to end, which makes it write down whom it knows."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def kill(self) -> None:
        """Kill it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Hearer:
    """Takes every event on a broker, with the time (Unix), in a session that the broker keeps."""

    def __init__(self, port: int, topics: str) -> None:
        self.heard: list[tuple[float, dict[str, Any]]] = []
        self._topics = topics
        self._ready = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, "hearer", clean_session=False)
        # Quality 0: a client that has to acknowledge closes a connection whose other end was killed
        # before it has read what is there, and the broker has forgotten by then.
        self._client.on_connect = lambda client, *_: client.subscribe(topics, qos=0)
        self._client.on_disconnect = lambda *_: self._ready.clear()
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._take
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def __enter__(self) -> Self:
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def wait(self) -> None:
        """Until it hears (again)."""
        if not self._ready.wait(_START_SECONDS):
            sys.exit("the broker does not take a subscriber")

    def _take(self, _: Client, __: object, message: MQTTMessage) -> None:
        self.heard.append((time(), json.loads(message.payload)))
