from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import edgevision
from edgevision.values.box import Box
from edgevision.values.event import Event, rfc3339
from edgevision.values.place import Place

SCHEMA = json.loads(
    (Path(edgevision.__file__).parent / "data" / "event.schema.json").read_text("utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)

shares = st.floats(0, 1)
words = st.text(min_size=1, max_size=20)
moments = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([timezone.utc, timezone(timedelta(hours=5, minutes=45))]),
)
places = st.builds(
    Place,
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    radius_km=st.floats(0, 20_000),
    name=st.text(max_size=20),
)


@st.composite
def boxes(draw):
    x, y = draw(st.floats(0, 0.9)), draw(st.floats(0, 0.9))
    return Box(x, y, draw(st.floats(0.01, 1 - x)), draw(st.floats(0.01, 1 - y)))


events = st.builds(
    Event,
    id=st.from_regex(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", fullmatch=True),
    phase=st.sampled_from(["seen", "ended"]),
    time=moments,
    source=words,
    task=words,
    label=words,
    name=words,
    score=shares,
    top=st.lists(st.tuples(words, shares), max_size=5).map(tuple),
    box=boxes(),
    place=st.none() | places,
    model=words,
    model_sha256=st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    latency_ms=st.dictionaries(words, st.floats(0, 1e5), max_size=4),
    first_seen=moments,
    last_seen=moments,
    hits=st.integers(1, 10**6),
)


def test_the_schema_is_itself_valid():
    Draft202012Validator.check_schema(SCHEMA)


@given(events)
def test_every_event_fits_the_schema_and_is_one_line(event):
    line = event.to_json()
    VALIDATOR.validate(json.loads(line))
    assert "\n" not in line
    assert json.loads(line)["label"] == event.label
    line.encode()


@pytest.mark.parametrize("name", ["schema", "id", "phase", "box", "place", "hits"])
def test_the_schema_misses_no_field(make_event, name):
    described = make_event().to_dict()
    del described[name]
    assert not VALIDATOR.is_valid(described)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("schema", 2),
        ("id", "not-a-ulid"),
        ("phase", "begun"),
        ("time", "2026-05-01 12:30:00"),
        ("score", 1.01),
        ("top", [["a", 0.5, 1]]),
        ("box", [0, 0, 1]),
        ("place", {"lat": 91, "lon": 0, "radius_km": 1, "name": "x"}),
        ("model_sha256", "abc"),
        ("hits", 0),
        ("extra", 1),
    ],
)
def test_the_schema_refuses_what_no_event_says(make_event, name, wrong):
    assert not VALIDATOR.is_valid({**make_event().to_dict(), name: wrong})


def test_the_form_of_an_event_has_not_changed(make_event, project):
    event = make_event(
        7,
        id="01JT5NH1W80000000000000007",
        phase="ended",
        name="Löwchen",
        place=Place(47.5, 8.7, 25.0, "Winterthur"),
    )
    golden = (project / "tests" / "golden" / "event.json").read_text("utf-8")
    assert event.to_json() + "\n" == golden


def test_every_field_is_in_the_documentation(project, make_event):
    page = (project / "docs" / "events.md").read_text("utf-8")
    told = set(re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE))
    assert told == set(make_event().to_dict()) == set(SCHEMA["properties"])


def test_the_examples_in_the_documentation_fit_the_schema(project):
    page = (project / "docs" / "events.md").read_text("utf-8")
    examples = re.findall(r"```json\n(.*?)```", page, flags=re.DOTALL)
    assert examples
    for example in examples:
        VALIDATOR.validate(json.loads(example))


def test_half_a_surrogate_pair_can_still_be_written(make_event):
    line = make_event(name="a\ud800b").to_json()
    assert json.loads(line.encode())["name"] == "a?b"


def test_time_is_given_in_utc():
    nepal = timezone(timedelta(hours=5, minutes=45))
    moment = datetime(2026, 5, 1, 18, 15, 0, 250_900, tzinfo=nepal)
    assert rfc3339(moment) == "2026-05-01T12:30:00.250Z"


def test_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        rfc3339(datetime(2026, 5, 1))  # noqa: DTZ001 - that is the point
