"""Webhook and notifications against a real server that fails at will."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from contextlib import contextmanager
from datetime import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic

import pytest

from edgevision.errors import OutputError
from edgevision.outputs.webhook import SIGNATURE, Webhook, signature
from edgevision.store.events import EventStore
from edgevision.store.outbox import Outbox

SOON = 20.0


class Receiver:
    """Takes posts; `answers` are the codes to give, then 200 for ever.

    `ended`: a connection is over. As HTTP/1.1 it is the client who ends it.
    """

    def __init__(self, protocol="HTTP/1.0"):
        self.got, self.answers, self.ended = [], [], threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = protocol

            def finish(self):
                super().finish()
                receiver.ended.set()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                code = receiver.answers.pop(0) if receiver.answers else 200
                receiver.got.append((code, dict(self.headers), body))
                self.send_response(code)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/events"
        self._thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self._thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def receiver():
    one = Receiver()
    yield one
    one.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.sqlite"


@contextmanager
def kept(path, sink, events):
    with EventStore(path, [sink]) as store:
        store.add(events)
    outbox = Outbox(path, sink)
    yield outbox
    outbox.close()


def until(output, found):
    end, pause = monotonic() + SOON, threading.Event()
    while not found():
        assert monotonic() < end
        output.tend()
        pause.wait(0.02)


def left(path, sink):
    outbox = Outbox(path, sink)
    found = outbox.depth()
    outbox.close()
    return found


def bodies(receiver):
    return [body for code, _, body in receiver.got if code == 200]


def test_the_connection_ends_with_the_output(path, make_event):
    receiver = Receiver("HTTP/1.1")
    try:
        with kept(path, "webhook", [make_event()]) as outbox:
            webhook = Webhook(receiver.url, outbox=outbox)
            with webhook:
                until(webhook, lambda: webhook.state["brought"] == 1)
                assert not receiver.ended.is_set()
            assert receiver.ended.wait(SOON)
    finally:
        receiver.close()


def test_events_are_posted_in_order_and_signed(path, receiver, make_event, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hush\n")
    events = [make_event(number) for number in range(30)]
    with kept(path, "webhook", events) as outbox:
        with Webhook(receiver.url, secret_file=secret, outbox=outbox) as webhook:
            until(webhook, lambda: webhook.state["brought"] == 30)
        assert bodies(receiver) == [event.to_json().encode() for event in events]
        assert left(path, "webhook") == 0
    for _, headers, body in receiver.got:
        seconds, _, digest = headers[SIGNATURE].partition(",v1=")
        expected = hmac.new(b"hush", seconds[2:].encode() + b"." + body, hashlib.sha256)
        assert digest == expected.hexdigest()
    first = receiver.got[0][1]
    assert first["Content-Type"] == "application/json"
    assert (first["X-Edgevision-Event"], first["X-Edgevision-Phase"]) == (events[0].id, "seen")


def test_what_is_not_taken_is_tried_again_and_nothing_overtakes_it(path, receiver, make_event):
    receiver.answers = [500, 302, 200, 404]
    events = [make_event(number) for number in range(3)]
    with kept(path, "webhook", events) as outbox, Webhook(receiver.url, outbox=outbox) as webhook:
        webhook.tend()
        assert webhook.trouble == "127.0.0.1 answers 500 Internal Server Error"
        assert webhook.state["outbox"] == 3
        until(webhook, lambda: webhook.state["brought"] == 3)
        assert webhook.trouble is None
    assert bodies(receiver) == [event.to_json().encode() for event in events]
    assert SIGNATURE not in receiver.got[0][1]


def test_nobody_there_is_said_without_the_secrets_of_the_address(path, make_event):
    with kept(path, "webhook", [make_event(1)]) as outbox:
        url = "http://me:s3cret@127.0.0.1:1/token-abc"
        with Webhook(url, outbox=outbox) as webhook:
            webhook.tend()
            assert webhook.trouble.startswith("127.0.0.1 cannot be reached: ")
            assert "s3cret" not in webhook.trouble
            assert "token-abc" not in webhook.trouble
        assert left(path, "webhook") == 1


def test_an_empty_secret_is_named(tmp_path):
    (tmp_path / "secret").write_text("")
    with pytest.raises(OutputError, match="secret: has no line of text"):
        Webhook("http://a", secret_file=tmp_path / "secret").__enter__()


def test_the_signature_is_that_of_its_moment():
    assert signature("a", b"b", 5) == signature("a", b"b", 5)
    assert signature("a", b"b", 5) != signature("a", b"b", 6)


notify = pytest.importorskip("edgevision.outputs.notify", reason="the extra notify is not there")


@pytest.fixture
def addresses(tmp_path, receiver):
    file = tmp_path / "apprise.conf"
    file.write_text(f"json://127.0.0.1:{receiver.server.server_port}/people\n")
    return file


def test_people_are_told_once_a_sighting_with_its_picture(
    path, receiver, addresses, make_event, tmp_path
):
    picture = tmp_path / "pug.jpg"
    picture.write_bytes(b"\xff\xd8picture")
    receiver.answers = [503]
    events = [
        make_event(1, label="pug", name="pug", score=0.9),
        make_event(1, phase="ended", label="pug", name="pug", score=0.9),
        make_event(2, label="beagle", name="beagle", score=0.9),
        make_event(3, label="pug", name="pug", score=0.4),
    ]
    with kept(path, "notify", events) as outbox:
        output = notify.Notify(
            addresses,
            labels=["Pug"],
            min_score=0.5,
            picture=True,
            outbox=outbox,
            picture_of=lambda event: picture if event == events[0].id else None,
        )
        with output:
            until(output, lambda: output.state["outbox"] == 0)
            assert output.trouble is None
    (told,) = [json.loads(body) for body in bodies(receiver)]
    assert told["title"] == "pug at camera"
    assert told["message"].startswith("pug, 90%")
    assert told["attachments"][0]["filename"] == "pug.jpg"


@pytest.mark.parametrize(
    ("quiet", "now", "wanted"),
    [
        (None, "03:00", True),
        (("22:00", "07:00"), "21:59", True),
        (("22:00", "07:00"), "22:00", False),
        (("22:00", "07:00"), "06:59", False),
        (("22:00", "07:00"), "07:00", True),
        (("12:00", "13:00"), "12:30", False),
        (("12:00", "13:00"), "13:00", True),
    ],
)
def test_nobody_is_told_at_quiet_times(addresses, quiet, now, wanted):
    output = notify.Notify(addresses, quiet=quiet)
    event = {"phase": "seen", "score": 0.9, "label": "pug"}
    assert output.wanted(event, time.fromisoformat(now)) is wanted


@pytest.mark.parametrize("text", ["", "# nothing\n", "what is this\n"])
def test_a_file_without_addresses_is_named(tmp_path, text):
    file = tmp_path / "none.conf"
    file.write_text(text)
    with pytest.raises(OutputError, match=r"none\.conf: has no address that Apprise knows"):
        notify.Notify(file).__enter__()
