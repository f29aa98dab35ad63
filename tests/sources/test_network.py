"""Streams from real servers on this machine that behave, hang, break off and refuse."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice

import cv2
import numpy as np
import pytest

from edgevision.errors import SourceError
from edgevision.pipeline.supervise import Supervised
from edgevision.sources.uri import make

PATIENCE = 30.0


class Camera(BaseHTTPRequestHandler):
    """Sends an endless MJPEG stream in which frame n has the grey level n."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        wanted = base64.b64encode(b"me:se@cret").decode()
        if self.path == "/private" and self.headers.get("Authorization") != f"Basic {wanted}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for number in range(10**6):
            if server.silent.is_set():
                if not server.over.wait(PATIENCE):
                    server.gave_up.set()
                return
            if server.broken.is_set() or server.over.wait(0.005):
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            pixels = np.full((48, 64, 3), number % 250, np.uint8)
            jpeg = cv2.imencode(".jpg", pixels)[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            try:
                self.wfile.write(head.encode() + jpeg + b"\r\n")
            except OSError:
                return

    def log_message(self, *words):
        pass


@contextlib.contextmanager
def serving(port=0):
    server = ThreadingHTTPServer(("127.0.0.1", port), Camera)
    server.daemon_threads = True
    server.silent, server.broken = threading.Event(), threading.Event()
    server.over, server.gave_up = threading.Event(), threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE)


def test_frames_of_a_stream():
    with serving() as server, make(f"http://127.0.0.1:{server.server_port}/", "door") as source:
        frames = list(islice(source, 10))
    assert [frame.number for frame in frames] == list(range(10))
    assert {frame.pixels.shape for frame in frames} == {(48, 64, 3)}
    levels = [int(frame.pixels.mean()) for frame in frames]
    assert np.abs(np.diff(levels) - 1).max() <= 1
    assert [f.seconds for f in frames] == sorted(f.seconds for f in frames)
    assert all(frame.taken_at.tzinfo is not None for frame in frames)
    assert {frame.source for frame in frames} == {"door"}


def test_stop_ends_it_within_a_frame():
    with serving() as server, make(f"http://127.0.0.1:{server.server_port}/") as source:
        for frame in source:
            if frame.number == 3:
                source.stop()
    assert frame.number == 3


def test_the_password_opens_it_and_is_told_nobody(capfd, caplog):
    caplog.set_level(0)
    with serving() as server:
        host = f"127.0.0.1:{server.server_port}"
        with make(f"http://me:se%40cret@{host}/private") as source:
            frame = next(iter(source))
        shown = [repr(source), source.name, repr(source.address), frame.source]
        for path in ("private", "missing"):
            with (
                pytest.raises(SourceError) as error,
                make(f"http://me:wrongse%40cret@{host}/{path}"),
            ):
                pass
            shown += [str(error.value), repr(error.value.__cause__)]
            assert host in str(error.value)
    with pytest.raises(SourceError) as error, make(f"rtsp://me:se%40cret@{host}/private"):
        pass
    written = capfd.readouterr()
    shown += [str(error.value), written.out, written.err, caplog.text]
    assert "cret" not in " ".join(shown)


def test_a_server_that_accepts_and_never_answers():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        for address in (
            f"http://127.0.0.1:{port}/#timeout=0.3",
            f"rtsp://127.0.0.1:{port}/#timeout=0.3",
        ):
            with pytest.raises(SourceError, match="does not open"), make(address):
                pass


def test_a_stream_that_falls_silent():
    with serving() as server:
        address = f"http://127.0.0.1:{server.server_port}/#timeout=0.5"
        with make(address) as source:
            frames = iter(source)
            assert [frame.number for frame in islice(frames, 3)] == [0, 1, 2]
            server.silent.set()
            with pytest.raises(SourceError, match="stopped"):
                list(frames)
        assert not server.gave_up.is_set()  # the reader tired of waiting first


def test_an_address_without_a_stream():
    with serving() as server, pytest.raises(SourceError, match="does not open"):
        make(f"http://127.0.0.1:{server.server_port}/missing").open()
    with pytest.raises(SourceError, match="does not open"):
        make(f"http://127.0.0.1:{server.server_port}/").open()


def test_a_camera_that_restarts_is_found_again():
    """Killed in the middle of the stream, away for a while, back on the same port."""

    def read_some(source, count):
        seen = 0
        while seen < count:
            frame = source.next(PATIENCE)
            assert frame is not None, source.counts
            seen += 1
        return frame

    with serving() as server:
        port = server.server_port
        source = Supervised(
            lambda: make(f"http://127.0.0.1:{port}/#timeout=2"),
            "door",
            first_backoff=0.01,
            longest_backoff=0.05,
        )
        source.__enter__()
        before = read_some(source, 3)
        server.broken.set()
    with source:
        while source.counts.errors < 2:
            source.next(0.05)
        assert "127.0.0.1" in source.counts.last_error
        with serving(port):
            after = read_some(source, 3)
    assert after.number > before.number
    assert after.seconds >= before.seconds
    assert source.counts.opened >= 2
