from __future__ import annotations

import os
import socket

import pytest

from edgevision.app.systemd import Notifier


def test_facts_arrive_as_lines_of_one_datagram(systemd):
    notifier = Notifier(systemd.environment)
    notifier.tell("READY=1", "STATUS=all is well")

    assert notifier.is_service
    assert systemd.all_now() == ["READY=1", "STATUS=all is well"]


def test_a_socket_of_the_abstract_namespace():
    name = f"edgevision-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name)
        listening.settimeout(10)
        Notifier({"NOTIFY_SOCKET": f"@{name}"}).tell("WATCHDOG=1")
        assert listening.recv(100) == b"WATCHDOG=1"


def test_without_systemd_nothing_is_sent_and_nothing_breaks(tmp_path):
    Notifier({}).tell("READY=1")
    assert not Notifier({}).is_service
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell("READY=1")


def test_a_systemd_that_does_not_read_is_not_waited_for(systemd):
    notifier = Notifier(systemd.environment)
    for _ in range(12):
        notifier.tell("WATCHDOG=1")
    assert "WATCHDOG=1" in systemd.all_now()


def test_a_reload_is_told_from_its_beginning_to_its_end(systemd):
    notifier = Notifier(systemd.environment)
    with notifier.reloading():
        begun = list(systemd.all_now())

    assert begun[0] == "RELOADING=1"
    assert begun[1].startswith("MONOTONIC_USEC=")
    assert int(begun[1].partition("=")[2]) > 0
    assert systemd.all_now()[2:] == ["READY=1"]


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "nonsense"}, None),
    ],
)
def test_how_often_a_sign_of_life_is_wanted(environ, seconds):
    assert Notifier(environ).watchdog_seconds == seconds
