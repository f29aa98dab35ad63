"""Connections that are made to be in the way: they are let go, and leave the log alone."""

from __future__ import annotations

import logging
import socket

import pytest

HEAD = (
    b"POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nX-Edgevision: 1\r\n"
    b"Content-Type: application/json\r\nContent-Length: 100\r\n"
)


@pytest.fixture
def hasty(rigged):
    """A rig that waits a second for what a client does not send."""
    with rigged(idle_seconds=1) as rig:
        yield rig


def connect(rig) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", rig.server.port))
    made.settimeout(60)
    return made


def everything(connection) -> bytes:
    parts = []
    while part := connection.recv(4096):
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /healthz HT",
        HEAD,
        HEAD + b"\r\n{",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /",
    ],
    ids=["half-a-line", "half-a-head", "half-a-body", "half-a-second-one"],
)
def test_who_does_not_go_on_gives_the_place_back(hasty, sent):
    with connect(hasty) as connection:
        connection.sendall(sent)
        everything(connection)


def test_a_connection_that_says_nothing_is_closed(hasty):
    with connect(hasty) as connection:
        assert everything(connection) == b""


def test_an_answer_that_goes_on_is_not_cut(hasty):
    """The clock runs while the client owes something, and not while it listens."""
    states = 0
    with hasty.client.stream("GET", "/api/v1/live") as answer:
        for line in answer.iter_lines():
            states += line == "event: state"
            if states > 8:
                return
    pytest.fail("it was cut")


@pytest.mark.parametrize(
    "sent",
    [b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", HEAD + b"\r\n{"],
    ids=["no-http", "no-host", "half-a-body"],
)
def test_rubbish_leaves_the_log_alone(rig, caplog, sent):
    caplog.set_level(logging.INFO)
    with connect(rig) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        everything(connection)
    # What the server made of it was before this answer.
    assert rig.client.get("/healthz").status_code == 200
    assert [one.getMessage() for one in caplog.records if one.name != "httpx"] == []
