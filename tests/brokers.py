"""A real broker for tests: mosquitto on a free port, with what it may be asked for."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
from time import monotonic

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

SOON = 20.0


def mosquitto_path():
    """Where the broker's program is; the test is skipped without it."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if found is None:
        pytest.skip("mosquitto is not installed (scripts/test installs it when it is run by root)")
    return found


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Mosquitto:
    """Starts and stops; `lines` are of its configuration."""

    def __init__(self, folder, *lines, port=None):
        self.port = port or free_port()
        self._program = mosquitto_path()
        self._config = folder / f"mosquitto-{self.port}.conf"
        listening = [f"listener {self.port} 127.0.0.1", "persistence false"]
        if os.geteuid() == 0:
            listening.append("user root")
        if not any(line.startswith("allow_anonymous") for line in lines):
            listening.append("allow_anonymous true")
        self._config.write_text("\n".join([*listening, *lines]) + "\n")
        self._process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = monotonic() + SOON
        while monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert self._process.poll() is None, "mosquitto does not start"
                continue
            return
        raise AssertionError("mosquitto does not listen")

    def kill(self):
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self):
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self._process.send_signal(signal.SIGCONT)


class Listener:
    """Hears everything on a broker, in order: `heard` has (topic, payload, retained)."""

    def __init__(self, port, prepare=None):
        self.heard = []
        self._changed = threading.Condition()
        self._subscribed = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2)
        if prepare is not None:
            prepare(self._client)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._take
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._subscribed.wait(SOON)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._client.disconnect()
        self._client.loop_stop()

    def say(self, topic, payload, *, retain=False):
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(SOON)

    def wait(self, found):
        """Until `found(heard)` gives something that is true, which is returned."""
        with self._changed:
            assert self._changed.wait_for(lambda: found(self.heard), SOON), self.heard[-5:]
            return found(self.heard)

    def on(self, topic):
        return [payload for at, payload, _ in self.heard if at == topic]

    def wait_for(self, topic, count=1):
        """The payloads of `topic` once there are `count`."""
        self.wait(lambda _: len(self.on(topic)) >= count)
        return self.on(topic)

    def _take(self, client, userdata, message):
        with self._changed:
            self.heard.append((message.topic, bytes(message.payload), message.retain))
            self._changed.notify_all()
