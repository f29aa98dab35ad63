"""Against a real broker: everything arrives, whatever happens to it."""

from __future__ import annotations

import json
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic

import pytest
from brokers import SOON, Listener, Mosquitto, free_port, mosquitto_path

from edgevision.board import Board
from edgevision.errors import OutputError
from edgevision.inbox import Inbox
from edgevision.outputs.broker import Address
from edgevision.outputs.mqtt import Mqtt
from edgevision.outputs.visit import once
from edgevision.pipeline.outlet import Outlet
from edgevision.pipeline.recorder import Recorder
from edgevision.store.events import EventStore
from edgevision.store.outbox import Outbox
from edgevision.values.command import Answer
from edgevision.values.result import Decision

BASE = "edgevision/door"
EVENTS = f"{BASE}/camera/dogs/event"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.sqlite"


@pytest.fixture
def broker(tmp_path):
    with Mosquitto(tmp_path) as one:
        yield one


@contextmanager
def sending(path, port, **options):
    """A recorder with its store and the output behind it, as a run has them."""
    given = {"device": "door", "client_id": "test-door", "discovery": {"enabled": False}}
    attached = options.pop("attached", None)
    mqtt = Mqtt("127.0.0.1", port, outbox=Outbox(path, "mqtt"), **{**given, **options})
    if attached is not None:
        mqtt.attach(**attached)
    with Recorder(EventStore(path, ["mqtt"]), [Outlet(mqtt)]) as recorder:
        recorder.mqtt = mqtt
        yield recorder


def until(found):
    """Wait, for a state that nobody tells of."""
    end = monotonic() + SOON
    pause = threading.Event()
    while not found():
        assert monotonic() < end
        pause.wait(0.02)


def lines(events):
    return [event.to_json().encode() for event in events]


def left(path):
    outbox = Outbox(path, "mqtt")
    found = outbox.depth()
    outbox.close()
    return found


def test_events_arrive_in_order_and_then_wait_no_more(path, broker, make_report):
    with Listener(broker.port) as listener:
        reports = [make_report(number, events=2) for number in range(30)]
        with sending(path, broker.port) as recorder:
            for report in reports:
                recorder.write(report)
            told = listener.wait_for(EVENTS, 60)
            until(lambda: recorder.mqtt.state["outbox"] == 0)
        assert told == lines(event for report in reports for event in report.events)
        assert listener.wait_for(f"{BASE}/availability", 2) == [b"online", b"offline"]
    assert left(path) == 0


@pytest.mark.parametrize("version", ["5", "3.1.1"])
@pytest.mark.parametrize("qos", [1, 2])
def test_it_speaks_both_versions(path, broker, make_report, version, qos):
    report = make_report(1, events=1)
    with (
        Listener(broker.port) as listener,
        sending(path, broker.port, version=version, qos=qos) as recorder,
    ):
        recorder.write(report)
        assert listener.wait_for(EVENTS) == lines(report.events)
        until(lambda: recorder.mqtt.state["outbox"] == 0)


def test_a_broker_that_is_absent_at_first_and_killed_later_gets_everything(
    path, tmp_path, make_report
):
    port = free_port()
    reports = [make_report(number, events=1) for number in range(30)]
    with sending(path, port) as recorder:
        for report in reports[:10]:
            recorder.write(report)
        until(lambda: recorder.mqtt.trouble is not None)
        assert "cannot be reached: Connection refused" in recorder.mqtt.trouble
        with Mosquitto(tmp_path, port=port), Listener(port) as listener:
            first = listener.wait_for(EVENTS, 10)
            until(lambda: recorder.mqtt.state["outbox"] == 0)
        for report in reports[10:20]:
            recorder.write(report)
        until(lambda: recorder.mqtt.trouble is not None)
        with Mosquitto(tmp_path, port=port), Listener(port) as listener:
            for report in reports[20:]:
                recorder.write(report)
            listener.wait(lambda _: len(set(listener.on(EVENTS))) >= 20)
            rest = list(dict.fromkeys(listener.on(EVENTS)))
            until(lambda: recorder.mqtt.state["outbox"] == 0)
            assert recorder.mqtt.state["reconnects"] == 1
    assert [*first, *rest] == lines(event for report in reports for event in report.events)


def test_what_one_run_could_not_send_the_next_one_does(path, tmp_path, make_report):
    port = free_port()
    reports = [make_report(number, events=1) for number in range(8)]
    with sending(path, port) as recorder:
        for report in reports:
            recorder.write(report)
    assert left(path) == 8
    with Mosquitto(tmp_path, port=port), Listener(port) as listener, sending(path, port):
        told = listener.wait_for(EVENTS, 8)
    assert told == lines(event for report in reports for event in report.events)


def test_a_broker_that_stands_still_holds_nobody_up(path, broker, make_report):
    reports = [make_report(number, events=1) for number in range(200)]
    with Listener(broker.port) as listener:
        with sending(path, broker.port) as recorder:
            until(lambda: recorder.mqtt.state["connection"] == "connected")
            broker.pause()
            for report in reports:
                recorder.write(report)
            assert recorder.saved == 200
        assert left(path) == 200
        broker.go_on()
        with sending(path, broker.port):
            listener.wait(lambda _: len(set(listener.on(EVENTS))) == 200)


def test_a_password_from_a_file(path, tmp_path, make_report):
    users = tmp_path / "users"
    tool = mosquitto_path().replace("sbin/mosquitto", "bin/mosquitto_passwd")
    subprocess.run([tool, "-b", "-c", str(users), "door", "s3cret"], check=True)
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    who = lambda client: client.username_pw_set("door", "s3cret")  # noqa: E731
    report = make_report(1, events=1)
    closed = ("allow_anonymous false", f"password_file {users}")
    with Mosquitto(tmp_path, *closed) as broker, Listener(broker.port, who) as listener:
        with sending(path, broker.port, username="door", password="wrong") as recorder:  # noqa: S106
            recorder.write(report)
            until(lambda: (recorder.mqtt.trouble or "").startswith("refused: "))
            assert recorder.mqtt.state["outbox"] == 1
        with sending(path, broker.port, username="door", password_file=secret):
            assert listener.wait_for(EVENTS) == lines(report.events)


def test_a_password_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(OutputError, match=r"mqtt\.password_file: .*nowhere: No such file"):
        once(Address("127.0.0.1", username="a", password_file=tmp_path / "nowhere"), [])


def test_a_topic_that_the_broker_does_not_allow_is_told_and_the_event_stays(
    path, tmp_path, make_report, caplog
):
    rights = tmp_path / "acl"
    rights.write_text(
        "topic readwrite $SYS/#\ntopic read #\ntopic write edgevision/door/availability\n"
    )
    with (
        Mosquitto(tmp_path, f"acl_file {rights}") as broker,
        sending(path, broker.port) as recorder,
    ):
        recorder.write(make_report(1, events=1))
        until(lambda: recorder.mqtt.trouble is not None)
        assert recorder.mqtt.trouble == "Not authorized"
        assert recorder.mqtt.state["outbox"] == 1
    assert caplog.text.count("the broker refuses an event: Not authorized") == 1


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    """An authority, and certificates by it: the broker's, one that is over, and a client's."""
    folder = tmp_path_factory.mktemp("papers")
    new = ("req", "-newkey", "rsa:2048", "-nodes", "-keyout")
    openssl(folder, *new, "ca.key", "-x509", "-days", "30", "-subj", "/CN=ours", "-out", "ca.pem")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    signed = (
        "x509",
        "-req",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-extfile",
        "names",
    )
    for name, days in (("good", "30"), ("client", "30"), ("over", "-1")):
        openssl(folder, *new, f"{name}.key", "-subj", f"/CN={name}", "-out", f"{name}.csr")
        try:
            openssl(folder, *signed, "-in", f"{name}.csr", "-days", days, "-out", f"{name}.pem")
        except subprocess.CalledProcessError:
            dates = ("-not_before", "20200101000000Z", "-not_after", "20200201000000Z")
            openssl(folder, *signed, "-in", f"{name}.csr", *dates, "-out", f"{name}.pem")
    return folder


def listener_over_tls(papers):
    def prepare(client):
        client.tls_set(
            str(papers / "ca.pem"), str(papers / "client.pem"), str(papers / "client.key")
        )

    return prepare


def certified(papers, name, *more):
    return (
        f"cafile {papers / 'ca.pem'}",
        f"certfile {papers / f'{name}.pem'}",
        f"keyfile {papers / f'{name}.key'}",
        *more,
    )


def test_tls_with_a_certificate_of_our_own(path, tmp_path, papers, make_report):
    report = make_report(1, events=1)
    wanted = certified(papers, "good", "require_certificate true")
    with (
        Mosquitto(tmp_path, *wanted) as broker,
        Listener(broker.port, listener_over_tls(papers)) as listener,
    ):
        tls = {"ca": papers / "ca.pem", "cert": None, "key": None}
        with sending(path, broker.port, tls=tls) as recorder:
            recorder.write(report)
            until(lambda: recorder.mqtt.trouble is not None)
        tls = {"ca": papers / "ca.pem", "cert": papers / "client.pem", "key": papers / "client.key"}
        with sending(path, broker.port, tls=tls):
            assert listener.wait_for(EVENTS) == lines(report.events)


# paho leaves the socket of a failed handshake to the garbage collector, which complains.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_certificate_that_is_over_or_of_nobody_known_is_refused(path, tmp_path, papers):
    with Mosquitto(tmp_path, *certified(papers, "over")) as broker:
        tls = {"ca": papers / "ca.pem", "cert": None, "key": None}
        with sending(path, broker.port, tls=tls) as recorder:
            until(lambda: recorder.mqtt.trouble is not None)
            assert "its certificate is refused: certificate has expired" in recorder.mqtt.trouble
        with pytest.raises(OutputError, match=r"its certificate is refused: .*self-signed"):
            once(Address("127.0.0.1", broker.port, tls=True), [])


@pytest.mark.parametrize("broken", ["ca", "cert"])
def test_a_file_of_tls_that_is_none_is_named(tmp_path, broken):
    (tmp_path / "none.pem").write_text("no certificate")
    with pytest.raises(OutputError, match=r"outputs\.mqtt\.tls: .*none\.pem"):
        once(Address("127.0.0.1", tls=True, **{broken: tmp_path / "none.pem"}), [])


def attached(inbox, board, numbers=dict):
    return {
        "board": board,
        "inbox": inbox,
        "numbers": numbers,
        "sources": ["camera"],
        "tasks": ["dogs"],
        "choices": ["dogs", "classify"],
    }


def test_state_and_health_are_told_and_kept_by_the_broker(path, broker, make_report):
    board = Board()
    decision = Decision("dogs", "camera", "unsure", "pug", 0.41, "pug 0.41 against 0.50")
    board.post(replace(make_report(1), decisions=(decision,)))
    engine = {"on": ["cpu"], "device": "cpu", "reason": "usb: it hangs"}
    numbers = lambda: {"state": "healthy", "fps_now": 9.5, "latency_ms": {}, "engine": engine}  # noqa: E731
    with sending(path, broker.port, attached=attached(Inbox(), board, numbers), health_s=1.0):
        with Listener(broker.port) as listener:
            state = json.loads(listener.wait_for(f"{BASE}/camera/dogs/state")[0])
            health = json.loads(listener.wait_for(f"{BASE}/health", 2)[1])
        assert (state["verdict"], state["label"], state["score"]) == ("unsure", "pug", 0.41)
        assert state["reason"] == "pug 0.41 against 0.50"
        assert (health["state"], health["fps_now"], health["device"]) == ("healthy", 9.5, "door")
        assert health["engine"] == engine
        with Listener(broker.port) as later:
            kept = later.wait(lambda heard: [one for one in heard if one[0].endswith("/state")])
            assert kept[0][2]


def serve(inbox, seen):
    """Answer what comes, as a run does between its frames."""

    def turn():
        while (request := inbox.take()) is not None:
            seen.append(request.command)
            request.answer(Answer(accepted=True, reason="done"))

    inbox.when_posted(turn)


def test_commands_come_in_and_are_answered(path, broker):
    inbox, seen = Inbox(), []
    serve(inbox, seen)
    with (
        Listener(broker.port) as listener,
        sending(path, broker.port, attached=attached(inbox, Board())),
    ):
        listener.wait_for(f"{BASE}/availability")
        said = [
            ("set/task", b"classify"),
            ("set/threshold", b'{"value": 0.6, "task": "dogs"}'),
            ("set/enabled", b"OFF"),
            ("cmd/snapshot", b""),
        ]
        for topic, payload in said:
            listener.say(f"{BASE}/{topic}", payload)
        answers = [json.loads(one) for one in listener.wait_for(f"{BASE}/answer", 4)]
    assert [one["command"] for one in answers] == [topic for topic, _ in said]
    assert all(one["accepted"] for one in answers)
    assert [(one.action, one.value, one.task) for one in seen] == [
        ("task", ("classify",), None),
        ("threshold", 0.6, "dogs"),
        ("enabled", False, None),
        ("snapshot", None, None),
    ]


def test_nonsense_is_refused_with_a_reason_and_logged_once(path, broker, caplog):
    inbox, seen = Inbox(), []
    serve(inbox, seen)
    with (
        Listener(broker.port) as listener,
        sending(path, broker.port, attached=attached(inbox, Board())),
    ):
        listener.wait_for(f"{BASE}/availability")
        for payload in (b"\xff\xfe\x00", b"x" * 100_000, b"[" * 50_000, b"1.5", b'{"value": {}}'):
            listener.say(f"{BASE}/set/threshold", payload)
        listener.say(f"{BASE}/set/enabled", b"perhaps")
        listener.say(f"{BASE}/set/task", b"")
        # What the broker kept from long ago is no command of now.
        listener.say(f"{BASE}/set/other", b"1")
        answers = [json.loads(one) for one in listener.wait_for(f"{BASE}/answer", 7)]
    refused = [one for one in answers if not one["accepted"]]
    assert len(refused) == 6
    assert all(one["reason"] and len(one["reason"]) < 200 for one in refused)
    assert [one.action for one in seen] == ["task"]
    assert caplog.text.count("is refused") == 1


def test_a_command_that_the_broker_had_kept_is_not_obeyed(path, broker):
    inbox, seen = Inbox(), []
    serve(inbox, seen)
    with Listener(broker.port) as listener:
        listener.say(f"{BASE}/set/enabled", b"OFF", retain=True)
        with sending(path, broker.port, attached=attached(inbox, Board())):
            listener.wait_for(f"{BASE}/availability")
            listener.say(f"{BASE}/set/task", b"dogs")
            listener.wait_for(f"{BASE}/answer")
    assert [one.action for one in seen] == ["task"]


def test_home_assistant_is_told_when_it_starts(path, broker):
    found = {"enabled": True, "prefix": "homeassistant"}
    with (
        Listener(broker.port) as listener,
        sending(path, broker.port, attached=attached(Inbox(), Board()), discovery=found),
    ):
        first = listener.wait(
            lambda heard: [one for one in heard if one[0].startswith("homeassistant/device/")]
        )
        listener.say("homeassistant/status", b"online")
        again = listener.wait(
            lambda heard: [one for one in heard if one[0].startswith("homeassistant/device/")][1:]
        )
        assert again[0][:2] == first[0][:2]
        assert json.loads(first[0][1])["device"]["name"] == "door"


def test_the_picture_of_a_sighting_is_sent_if_that_is_set_up(path, broker, make_report):
    board, report = Board(), make_report(1, events=1)
    board.post(report)
    with (
        Listener(broker.port) as listener,
        sending(path, broker.port, attached=attached(Inbox(), board), snapshot=True) as recorder,
    ):
        listener.wait_for(f"{BASE}/availability")
        recorder.write(report)
        assert listener.wait_for(f"{BASE}/camera/snapshot")[0].startswith(b"\xff\xd8")


def test_a_flood_of_commands_is_survived(path, broker):
    inbox = Inbox()
    with (
        Listener(broker.port) as listener,
        sending(path, broker.port, attached=attached(inbox, Board())),
    ):
        listener.wait_for(f"{BASE}/availability")
        for number in range(300):
            listener.say(f"{BASE}/set/threshold", str(number / 300).encode())
        refused = listener.wait_for(f"{BASE}/answer", 200)
        assert b"commands are waiting already" in refused[0]
        inbox.close()


def test_a_message_is_left_and_taken_in_one_go(broker):
    with Listener(broker.port) as listener:
        once(Address("127.0.0.1", broker.port), [("a/b", b"x"), ("a/c", b"y")])
        assert listener.wait_for("a/c") == [b"y"]
    with pytest.raises(OutputError, match="cannot be reached"):
        once(Address("127.0.0.1", free_port()), [])
