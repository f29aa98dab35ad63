from __future__ import annotations

import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.inbox import ENDING, MOST_BYTES, Inbox
from edgevision.values.command import Answer, Command
from edgevision.worker import Worker

DONE = Answer(accepted=True, reason="done")
STOP = Command("stop", "keys")


def test_what_is_posted_is_taken_in_order_and_answered_once():
    inbox, answers = Inbox(), []
    inbox.post(Command("freeze", "keys"), answers.append)
    inbox.post(STOP, answers.append)
    first, second = inbox.take(), inbox.take()
    assert (first.command.action, second.command.action) == ("freeze", "stop")
    assert inbox.take() is None
    first.answer(DONE)
    first.answer(ENDING)
    second.answer(ENDING)
    assert answers == [DONE, ENDING]


def test_a_full_one_refuses_at_once():
    inbox, answers = Inbox(capacity=2), []
    for _ in range(3):
        inbox.post(STOP, answers.append)
    assert answers == [Answer(accepted=False, reason="2 commands are waiting already")]
    assert inbox.take().command is inbox.take().command is STOP


def test_a_closed_one_refuses_what_waits_and_what_comes():
    inbox, answers = Inbox(), []
    inbox.post(STOP, answers.append)
    inbox.close()
    inbox.post(STOP, answers.append)
    assert answers == [ENDING, ENDING]
    assert inbox.ask(STOP, 5) == ENDING


def test_whoever_asks_waits_for_the_answer():
    inbox, woken = Inbox(), threading.Event()
    inbox.when_posted(woken.set)

    def serve(stopping):
        woken.wait(10)
        inbox.take().answer(DONE)

    Worker("server", serve).start()
    assert inbox.ask(STOP, 10) == DONE


@pytest.mark.parametrize(("taken", "rest"), [(False, "it is not done"), (True, "may still be")])
def test_whoever_asks_does_not_wait_for_ever(taken, rest):
    inbox = Inbox()
    if taken:
        inbox.when_posted(lambda: requests.append(inbox.take()))
    requests = []
    answer = inbox.ask(STOP, 0.01)
    assert not answer.accepted
    assert rest in answer.reason
    assert inbox.take() is None
    for request in requests:
        request.answer(DONE)


def test_one_that_was_posted_early_wakes_the_loop():
    inbox, woken = Inbox(), []
    inbox.when_posted(lambda: woken.append("first"))
    inbox.post(STOP)
    inbox.when_posted(lambda: woken.append("second"))
    assert woken == ["first", "second"]


def test_a_post_in_the_midst_of_a_post_goes_in():
    """As a signal's handler does."""
    inbox, woken = Inbox(), []

    def wake():
        woken.append(True)
        if len(woken) == 1:
            inbox.post(STOP)

    inbox.when_posted(wake)
    inbox.post(STOP)
    assert len(woken) == 2
    assert inbox.take() is not None
    assert inbox.take() is not None


def test_an_answer_that_nobody_can_hear_ends_nothing(caplog):
    inbox = Inbox()

    def deaf(_):
        raise OSError("gone")

    inbox.post(STOP, deaf)
    inbox.take().answer(DONE)
    assert "an answer could not be told" in caplog.text


def test_many_threads_get_one_answer_each():
    inbox, answers, lock = Inbox(capacity=8), [], threading.Lock()

    def told(answer):
        with lock:
            answers.append(answer)

    def post(_):
        for _ in range(200):
            inbox.post(STOP, told)

    def serve(stopping):
        while not stopping.is_set() or inbox.take() is not None:
            request = inbox.take()
            if request is not None:
                request.answer(DONE)

    server = Worker("server", serve).start()
    posting = [Worker("post", post).start() for _ in range(4)]
    assert all(one.wait(30) for one in posting)
    inbox.close()
    assert server.stop(10)
    # Those that the server took after it was asked to end are lost by this test alone.
    assert len(answers) >= 4 * 200 - 1


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_garbage_from_outside_is_refused_and_never_raises(garbage):
    inbox, answers = Inbox(), []
    inbox.offer(garbage, "mqtt", answers.append)
    assert [answer.accepted for answer in answers] == [False]
    assert inbox.take() is None


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"{'action': 'stop'}", "no JSON"),
        (b" " * (MOST_BYTES + 1), "65537 bytes are no command"),
        (b"[" * 60_000, "JSON"),
        ("1" * 60_000, "JSON"),
        (json.dumps({"action": "task", "value": 3}), "task: 3 is given"),
    ],
)
def test_huge_and_binary_ones_are_refused_with_a_reason(given, reason):
    answers = []
    Inbox().offer(given, "http", answers.append)
    assert not answers[0].accepted
    assert reason in answers[0].reason


def test_a_command_in_json_goes_in():
    inbox = Inbox()
    inbox.offer(b'{"action": "threshold", "value": 0.5, "task": "dogs"}', "mqtt")
    assert inbox.take().command == Command("threshold", "mqtt", 0.5, task="dogs")


def test_a_flood_of_wrong_ones_is_one_line(caplog):
    inbox = Inbox()
    for number in range(1000):
        inbox.offer({"action": f"nothing{number}"}, "mqtt")
    inbox.close()
    for _ in range(1000):
        inbox.post(STOP)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert lines[1] == "stop by keys is refused: ending"
    line = lines[0]
    assert line.startswith("a malformed command by mqtt is refused: no action 'nothing0'; known:")
