"""A real RTSP server (GStreamer's), killed and started again in the middle of the stream."""

from __future__ import annotations

import logging
import subprocess
from contextlib import contextmanager
from itertools import islice

import pytest

from edgevision.errors import SourceError
from edgevision.pipeline.health import Health
from edgevision.pipeline.probes import watch_source
from edgevision.pipeline.supervise import Supervised
from edgevision.sources.uri import make

PATIENCE = 60.0
SERVER = """
import sys, gi
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=160,height=120,framerate=25/1"
    " ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=5 ! rtph264pay name=pay0 )"
)
factory.set_shared(True)
auth = GstRtspServer.RTSPAuth()
token = GstRtspServer.RTSPToken()
token.set_string("media.factory.role", "user")
auth.add_basic(GstRtspServer.RTSPAuth.make_basic("me", "hush-hush"), token)
server.set_auth(auth)
structure = Gst.Structure.new_empty("user")
structure.set_value("media.factory.access", True)
structure.set_value("media.factory.construct", True)
factory.add_role_from_structure(structure)
server.get_mount_points().add_factory("/yard", factory)
if not server.attach(None):
    sys.exit("no such port")
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"""


@contextmanager
def serving(python: str, port: int = 0):
    """The server; gives its port."""
    process = subprocess.Popen(
        [python, "-c", SERVER, str(port)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        yield process, int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def address(port: int, password: str = "hush-hush", path: str = "yard") -> str:  # noqa: S107
    return f"rtsp://me:{password}@127.0.0.1:{port}/{path}#timeout=5"


def test_frames_come_with_the_password_and_not_with_another(gstreamer):
    with serving(gstreamer) as (_, port):
        with make(address(port)) as source:
            frames = list(islice(source, 10))
        assert frames[-1].pixels.shape == (120, 160, 3)
        assert any((one.pixels != frames[0].pixels).any() for one in frames[1:])
        with pytest.raises(SourceError) as refused, make(address(port, "wrong-one")):
            pass
        with pytest.raises(SourceError) as missing, make(address(port, path="nowhere")):
            pass
    for error in (refused, missing):
        assert "wrong-one" not in str(error.value)
        assert "hush" not in str(error.value)


def test_a_server_that_is_killed_and_started_again_is_found_again(gstreamer, caplog):
    caplog.set_level(logging.DEBUG)
    health = Health()
    with serving(gstreamer) as (process, port):
        live = Supervised(
            lambda: make(address(port), "yard"), "yard", first_backoff=0.1, longest_backoff=0.5
        )
        watch_source(health, live)
        with live:
            before = live.next(PATIENCE)
            assert before is not None
            process.kill()
            process.wait()
            while live.counts.errors == 0:
                live.next(0.2)
            waiting = health.summary()
            assert waiting["state"] == "degraded"
            with serving(gstreamer, port):
                after = None
                while after is None or live.counts.opened < 2:
                    after = live.next(PATIENCE)
                    assert after is not None
            assert after.number > before.number
            assert after.seconds >= before.seconds
    assert health.summary()["sources"]["yard"]["reconnects"] >= 1
    told = caplog.text + str(waiting) + str(live.counts)
    assert "hush" not in told
    assert "me:" not in told
