from __future__ import annotations

import io
from datetime import timedelta

import pytest

from edgevision.errors import OutputError
from edgevision.outputs.console import Console, line
from edgevision.values.place import Place


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def printed(report, **options):
    stream = options.pop("stream", io.StringIO())
    with Console(stream=stream, **options) as console:
        console.write(report)
    return stream.getvalue()


def test_each_event_is_a_line(make_report):
    lines = printed(make_report(1, events=2)).splitlines()
    assert len(lines) == 2
    for text in lines:
        assert "camera" in text
        assert "dogs" in text
        assert "Golden retriever" in text
        assert "87%" in text


def test_a_report_without_events_prints_nothing(make_report):
    assert printed(make_report(1)) == ""


def test_the_time_is_that_of_this_machine(make_event):
    event = make_event(1)
    assert line(event).startswith(event.time.astimezone().strftime("%H:%M:%S"))


def test_an_ended_sighting_tells_how_often_and_how_long(make_event):
    event = make_event(1, phase="ended", hits=24)
    event = make_event(
        1, phase="ended", hits=24, first_seen=event.last_seen - timedelta(seconds=8.7)
    )
    assert line(event).endswith("ended: 24 hits in 8.7 s")
    assert "1 hit in" in line(make_event(1, phase="ended", hits=1))


def test_a_place_is_told_with_its_uncertainty(make_event):
    event = make_event(1, place=Place(47.5, 8.7, 25.0, "Winterthur"))
    assert line(event).endswith("Winterthur ±25 km")


def test_no_colour_where_no_terminal_is(make_report):
    assert "\x1b" not in printed(make_report(1, events=1))


def test_colour_on_a_terminal_unless_it_is_unwanted(make_report, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in printed(make_report(1, events=1), stream=Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in printed(make_report(1, events=1), stream=Terminal())


def test_colour_when_it_is_asked_for_and_none_when_not(make_report):
    assert "\x1b[" in printed(make_report(1, events=1), color="always")
    assert "\x1b" not in printed(make_report(1, events=1), stream=Terminal(), color="never")


def test_a_name_cannot_steer_the_terminal(make_report, make_event):
    event = make_event(1, name="dog\x1b[2J\nfake line", source="a\rb")
    text = printed(make_report(1, events=[event]))
    assert len(text.splitlines()) == 1
    assert "\x1b" not in text
    assert "\r" not in text


def test_letters_that_the_stream_lacks_are_replaced(make_report, make_event):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    with Console(stream=stream) as console:
        console.write(make_report(1, events=[make_event(1, name="Löwchen")]))
    assert b"L?wchen" in raw.getvalue()


def test_standard_output_is_the_default(make_report, capsys):
    with Console() as console:
        console.write(make_report(1, events=1))
    assert "Golden retriever" in capsys.readouterr().out


def test_a_stream_that_is_closed_is_an_error_of_one_line(make_report):
    stream = io.StringIO()
    with Console(stream=stream) as console:
        stream.close()
        with pytest.raises(OutputError, match="cannot write a line"):
            console.write(make_report(1, events=1))
    with pytest.raises(OutputError, match="closed"), Console(stream=stream):
        pass
