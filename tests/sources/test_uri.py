"""The grammar of addresses."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgevision.errors import UriError
from edgevision.kinds import load
from edgevision.sources import KINDS
from edgevision.sources.options import OPTIONS
from edgevision.sources.uri import Address, make, parse


@pytest.mark.parametrize(
    ("text", "kind", "target", "options"),
    [
        ("auto", "auto", "", {}),
        ("auto:", "auto", "", {}),
        ("csi", "csi", "", {}),
        ("csi:1?rotation=90&hflip=1", "csi", "1", {"rotation": "90", "hflip": True}),
        ("jetson:?sensor=1", "jetson", "", {"sensor": 1}),
        ("gst:a b=1?c=2 ! d#e", "gst", "a b=1?c=2 ! d#e", {}),
        ("auto?fps=5", "auto", "", {"fps": 5.0}),
        ("v4l2:0?width=640&height=480", "v4l2", "0", {"width": 640, "height": 480}),
        ("v4l2:/dev/video2", "v4l2", "/dev/video2", {}),
        ("file:a b.mp4", "file", "a b.mp4", {}),
        ("file:///clips/a%20b.mp4", "file", "/clips/a b.mp4", {}),
        ("file:a.mp4?loop=yes", "file", "a.mp4", {"loop": True}),
        ("FILE:a.mp4?loop=0", "file", "a.mp4", {"loop": False}),
        ("file:what?.mp4", "file", "what?.mp4", {}),
        ("images:photos/img?.jpg", "images", "photos/img?.jpg", {}),
        ("images:photos/*.jpg?fps=25", "images", "photos/*.jpg", {"fps": 25.0}),
        ("rtsp://h/a?channel=1&subtype=0", "rtsp", "rtsp://h/a?channel=1&subtype=0", {}),
        ("rtsps://h:322/a#timeout=2.5", "rtsp", "rtsps://h:322/a", {"timeout": 2.5}),
        ("rtsp://[fe80::1]:554/a#transport=UDP", "rtsp", "rtsp://[fe80::1]:554/a", {
            "transport": "udp"
        }),
        ("https://u:p@h", "http", "https://u:p@h", {}),
        ("synthetic", "synthetic", "", {}),
        ("synthetic:?seed=3&live=1", "synthetic", "", {"seed": 3, "live": True}),
    ],
)  # fmt: skip
def test_addresses(text, kind, target, options):
    address = parse(text)
    assert (address.kind, address.target, dict(address.options)) == (kind, target, options)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("vidoe:x.mp4", "known: file"),
        ("imags:x", "did you mean images"),
        ("rstp://h/x", "did you mean rtsp"),
        ("csi:x", "expected the number of a camera"),
        ("jetson:0", "takes options only"),
        ("gst:", "says no pipeline"),
        ("nope.mp4", "no such file"),
        ("0", "write v4l2:0"),
        ("/dev/video3", "write v4l2:/dev/video3"),
        ("file:", "no path"),
        ("file://host/x", "file:PATH"),
        ("synthetic:square", "options only"),
        ("synthetic:?with=640", "did you mean width"),
        ("synthetic:?width=1", "from 16 to 16384"),
        ("synthetic:?width=1e3", "whole number"),
        ("synthetic:?fps=nan", "number from 0.1"),
        ("synthetic:?seed=1&seed=2", "twice"),
        ("file:a.mp4?loop=maybe", "1 or 0"),
        ("rtsp://h/a#transport=carrier", "tcp or udp"),
        ("rtsp:h", "no host"),
        ("rtsp://", "no host"),
        ("http://user:pa/ss@host/x", "%2F"),
        ("file:a\nb", "control characters"),
    ],
)
def test_what_is_wrong_and_what_would_do(text, says):
    with pytest.raises(UriError, match=re.escape(says)):
        parse(text)


def test_a_bare_path_must_exist(tmp_path):
    video = tmp_path / "a.mp4"
    video.write_bytes(b"x")
    assert parse(f"{video}?loop=1") == Address("file", str(video), {"loop": True})
    with pytest.raises(UriError, match="images:"):
        parse(str(tmp_path))


def test_loop_is_refused_where_nothing_ends():
    with pytest.raises(UriError, match="loop"):
        make("synthetic:", loop=True)


@given(st.text())
@example("//")
@example("rtsp://[")
@example("file:" + "x" * 5000)
@example("x" * 5000)
@example("\ud800")
@example("http://\u2100/")
def test_whatever_is_written_it_is_an_address_or_a_uri_error(text):
    try:
        address = parse(text)
    except UriError as error:
        said = str(error)
    else:
        said = address.default_name
        assert address.kind in KINDS
        assert re.fullmatch(r"[a-z0-9_-]+", said)
    assert said
    assert len(said.splitlines()) == 1


WORDS = st.text("abcXYZ0189%-_.~!$'()*+,;=:&@/?# ", min_size=1, max_size=12)


@given(
    scheme=st.sampled_from(["rtsp", "rtsps", "http", "https", "rstp", "htp"]),
    user=WORDS,
    password=WORDS.map(lambda word: "Qz" + word + "zQ"),
    after=st.sampled_from(["", "/", "/live", "/a?b=1", "/a#timeout=3", "#nonsense=1", ":99999/"]),
)
def test_passwords_are_never_shown(scheme, user, password, after):
    text = f"{scheme}://{user}:{password}@host{after}"
    try:
        address = parse(text)
    except UriError as error:
        shown = str(error)
    else:
        made = make(text)
        shown = f"{address!r} {address} {address.display()} {address.default_name} {made.name}"
    assert "Qz" not in shown
    assert "zQ" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "http://host/video?user=me&password=QzQ",
        "rtsp://host/user=me_password=QzQ_channel=1.sdp",
        "rtsp://host:554/cam/realmonitor?token=QzQ#timeout=3",
    ],
)
def test_other_places_for_passwords_are_not_shown_either(text):
    address = parse(text)
    assert "QzQ" in address.target
    assert "QzQ" not in address.display()
    assert "host" in address.display()


def test_every_kind_has_options_and_a_class():
    assert set(OPTIONS) == set(KINDS)
    assert all(callable(load(KINDS, kind, "source")) for kind in KINDS)


def test_every_address_and_option_of_the_docs_is_right(project):
    page = (project / "docs/sources.md").read_text()
    examples = re.findall(r'`edgevision run --source "?([^`"]+)"?`', page)
    assert {parse(text).kind for text in examples} == set(KINDS)
    for kind, options in OPTIONS.items():
        row = next(line for line in page.splitlines() if re.match(rf"\| `{kind}[`:]", line))
        said = row if kind != "auto" else page
        assert all(f"`{option}`" in said for option in options), row
