from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edgevision.errors import OutputError
from edgevision.store.files import Ledger, StoredFile, digest_of
from edgevision.web.orders import ALLOWED
from edgevision.web.requests import MOST_BODY
from edgevision.web.routes import WAYS, listing
from edgevision.web.server import Server

API = "/api/v1"
MARK = {"X-Edgevision": "1"}
PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"


def post(rig, path, what, **more):
    return rig.client.post(path, json=what, headers=MARK, **more)


def test_the_page_of_the_api_has_the_table_of_routes():
    assert listing() in PAGE.read_text("utf-8"), f"put this into {PAGE}:\n{listing()}"


def test_the_page_and_all_its_files_are_there(rig):
    page = rig.client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    files = set(re.findall(r'"(/static/[^"]+)"', page.text + rig.client.get("/login").text))
    assert len(files) >= 4
    while files:
        path = files.pop()
        got = rig.client.get(path)
        assert got.status_code == 200, path
        files |= {f"/static/{name}" for name in re.findall(r'from "\./([^"]+)"', got.text)} - {path}


def test_state_says_what_is_seen_and_why_it_is_not_told(rig):
    assert rig.client.get(f"{API}/state").json()["sources"][0]["report"] is None
    rig.show(3)
    source = rig.client.get(f"{API}/state").json()["sources"][0]
    assert source["report"]["frame"] == 3
    (task,) = source["report"]["tasks"]
    assert task["reason"] == "collie 0.40 against 0.50"
    assert [guess["label"] for guess in task["guesses"]] == ["collie", "kelpie"]


def test_ready_only_once_frames_are_answered(rig):
    assert rig.client.get("/healthz").status_code == 200
    assert rig.client.get("/readyz").status_code == 503
    rig.show()
    assert rig.client.get("/readyz").json() == {"ready": True, "state": "healthy"}
    rig.health.fail("the engine is lost")
    assert rig.client.get("/healthz").status_code == 503


def test_metrics_say_what_waits_and_what_does_not_work(rig):
    numbers = {"outbox": 7, "connection": "connection refused", "written": 3, "last_error": None}
    rig.health.watch("outputs", "mqtt", lambda: numbers)
    rig.health.watch("outputs", "jsonl", lambda: {"written": 1, "last_error": None})
    text = rig.client.get("/metrics").text
    assert 'edgevision_output_outbox{output="mqtt"} 7.0' in text
    assert 'edgevision_output_up{output="mqtt"} 0.0' in text
    assert 'edgevision_output_up{output="jsonl"} 1.0' in text


def test_metrics_say_whether_an_accelerator_serves(rig):
    numbers = {"inferences": 40, "failures": 3, "restarts": 2}
    seats = {
        "usb:0": {"state": "resting", "last_error": "it hangs", **numbers},
        "usb:1": {"state": "serving", "last_error": "it hung once", **numbers},
    }
    engine = {
        "on": ["usb:1"],
        "device": "edgetpu",
        "inferences_on_cpu": 5,
        "accelerators": seats,
    }
    rig.health.watch("engine", "", lambda: engine, lambda: "usb:0: it hangs")
    text = rig.client.get("/metrics").text
    assert 'edgevision_accelerator_up{accelerator="usb:0"} 0.0' in text
    assert 'edgevision_accelerator_up{accelerator="usb:1"} 1.0' in text
    assert 'edgevision_accelerator_failures_total{accelerator="usb:0"} 3.0' in text
    assert 'edgevision_engine_device{device="edgetpu"} 1.0' in text
    assert 'edgevision_engine_device{device="cpu"} 0.0' in text
    assert "edgevision_engine_inferences_on_cpu_total 5.0" in text
    assert 'edgevision_state{state="degraded"} 1.0' in text


def test_metrics_are_the_numbers_of_the_run(rig):
    rig.show()
    rig.show()
    families = {
        one.name: one for one in text_string_to_metric_families(rig.client.get("/metrics").text)
    }
    assert families["edgevision_frames"].samples[0].value == 2
    (decided,) = families["edgevision_decisions"].samples
    assert (decided.labels, decided.value) == ({"task": "dogs", "cause": "score"}, 2)
    stages = [
        one for one in families["edgevision_stage_seconds"].samples if one.name.endswith("_sum")
    ]
    assert {one.labels["stage"]: round(one.value, 6) for one in stages} == {
        "infer": 0.008,
        "total": 0.018,
    }


@pytest.mark.parametrize("action", ALLOWED)
def test_a_command_goes_through_the_inbox_and_gets_its_answer(rig, make_event, action):
    value = {"task": ["dogs"], "threshold": 0.7, "relabel": "collie", "snapshot": None}.get(
        action, True
    )
    command = {"action": action, "value": value}
    if action in {"relabel", "pin"}:
        command["event"] = make_event().id
    answer = post(rig, f"{API}/commands", command)
    assert (answer.status_code, answer.json()) == (200, {"accepted": True, "reason": "done"})
    assert [one.action for one in rig.commands] == [action]
    assert rig.commands[0].origin == "http"


def test_a_refused_command_says_why(rig):
    answer = post(rig, f"{API}/commands", {"action": "task", "value": "cats"})
    assert (answer.status_code, answer.json()["reason"]) == (409, "no such task")


@pytest.mark.parametrize("action", ["stop", "reload"])
def test_what_ends_the_run_or_reads_files_is_not_to_be_had(rig, action):
    assert post(rig, f"{API}/commands", {"action": action}).status_code == 409
    assert rig.commands == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"\xff\xfe\x00", 400),
        (b"[1]", 400),
        (b"null", 400),
        (b"[" * 9000, 400),
        (b'{"action": "threshold", "value": 1e999}', 400),
        (b'{"action": "threshold", "value": true}', 400),
        (b'{"action": "exec", "value": "rm"}', 400),
        (b'{"action": "threshold", "value": 0.5, "outputs": {"path": "/etc/x"}}', 400),
        (b" " * (MOST_BODY + 1), 413),
    ],
)
def test_malformed_commands_are_told_why(rig, body, status):
    headers = {**MARK, "Content-Type": "application/json"}
    answer = rig.client.post(f"{API}/commands", content=body, headers=headers)
    assert answer.status_code == status
    said = answer.json()
    assert said.get("error") or said["reason"]
    assert rig.commands == []


def test_events_are_read_with_filters(rig, make_event):
    assert rig.client.get(f"{API}/events").json() == {"events": []}
    rig.keep(make_event(1), make_event(2, label="collie", name="collie", score=0.6))
    get = lambda **query: rig.client.get(f"{API}/events", params=query)  # noqa: E731
    assert [one["label"] for one in get().json()["events"]] == ["collie", "golden_retriever"]
    assert [one["label"] for one in get(label="Golden-Retriever").json()["events"]] == [
        "golden_retriever"
    ]
    assert [one["label"] for one in get(min_score=0.7).json()["events"]] == ["golden_retriever"]
    assert len(get(limit=1).json()["events"]) == 1
    for query in (
        {"min_score": "x"},
        {"limit": 0},
        {"since": "never"},
        {"sql": "1"},
        {"label": ""},
    ):
        answer = get(**query)
        assert answer.status_code == 400, query
        assert answer.json()["error"]
    identity = make_event(1).id
    assert rig.client.get(f"{API}/events/{identity}").json()["phases"][0]["id"] == identity
    assert rig.client.get(f"{API}/events/{identity[:-1]}Z").status_code == 404
    hours = rig.client.get(f"{API}/statistics", params={"days": 92}).json()["hours"]
    assert sum(one["count"] for one in hours) in {0, 2}
    assert rig.client.get(f"{API}/labels").json()["seen"] == {
        "dogs": ["collie", "golden_retriever"]
    }


def test_only_pictures_in_our_folders_are_sent(rig, make_event, tmp_path):
    event = make_event(1)
    rig.keep(event)
    data = b"\xff\xd8\xff picture"
    inside, outside = rig.folder / "a.jpg", tmp_path / "b.jpg"
    link, text = rig.folder / "c.jpg", rig.folder / "d.txt"
    for path in (inside, outside, text):
        path.write_bytes(data)
    link.symlink_to(outside)
    Ledger(rig.store).enter(
        [
            StoredFile(path, event.id, "full", event.time, len(data), digest_of(data))
            for path in (inside, outside, link, text)
        ]
    )
    answers = [rig.client.get(f"{API}/events/{event.id}/files/{n}") for n in range(5)]
    sent = [answer.content for answer in answers if answer.status_code == 200]
    assert sent == [data]
    assert {answer.status_code for answer in answers} == {200, 404}
    listed = rig.client.get(f"{API}/events").json()["events"][0]["kept"]["files"]
    assert listed == ["full"] * 4


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/%2e%2e/errors.py",
        "/static/",
        "/static",
        "/etc/passwd",
        "/api/v1/events/..%2f..%2fetc/files/0",
        "/api/v1/sources/../../x/picture",
        "/api",
        "/docs",
    ],
)
def test_what_is_not_listed_is_not_there(rig, path):
    assert rig.client.get(path).status_code == 404


def test_every_route_answers_its_method_alone(rig):
    for way in WAYS:
        path = (
            way.path.replace("{name}", "camera").replace("{id}", "x").replace("{number:int}", "0")
        )
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH"} - {way.method}:
            assert rig.client.request(method, path, headers=MARK).status_code == 405, (method, path)


def test_a_moving_picture_moves(showing):
    rig = showing.rig
    with rig.client.stream("GET", f"{API}/sources/camera/stream") as answer:
        assert answer.headers["content-type"].startswith("multipart/x-mixed-replace")
        parts = answer.iter_bytes()
        got = b""
        while got.count(b"\xff\xd8\xff") < 4:
            got += next(parts)
    pictures = re.findall(rb"\r\n\r\n(\xff\xd8\xff.*?\xff\xd9)\r\n", got, re.DOTALL)
    assert len(set(pictures)) > 1
    still = rig.client.get(f"{API}/sources/camera/picture")
    assert still.headers["content-type"] == "image/jpeg"
    assert rig.client.get(f"{API}/sources/yard/picture").status_code == 404


def test_viewers_are_bounded_and_their_places_given_back(showing):
    rig = showing.rig
    path = f"{API}/sources/camera/stream"
    with rig.client.stream("GET", path) as one, rig.client.stream("GET", path) as two:
        assert (one.status_code, two.status_code) == (200, 200)
        assert rig.client.get(path).status_code == 503
    for _ in range(200):
        if rig.client.get(f"{API}/sources/camera/picture").status_code == 200:
            return
    pytest.fail("no place was given back")


def test_events_come_by_themselves(showing, make_event):
    rig = showing.rig
    rig.keep(make_event(1))
    seen = []
    with rig.client.stream("GET", f"{API}/live") as answer:
        kind = ""
        for line in answer.iter_lines():
            name, _, text = line.partition(": ")
            if name == "event":
                kind = text
            elif name == "data":
                seen.append(kind)
                told = json.loads(text)
                if kind == "state" and seen.count("state") == 6:
                    rig.keep(make_event(2, label="collie"))
                if kind == "event":
                    assert told["label"] == "collie"
                    break
    assert {"state", "health", "event"} <= set(seen)


def test_it_ends_soon_though_somebody_watches(rigged):
    with rigged() as rig:
        rig.show()
        with rig.client.stream("GET", f"{API}/live") as answer:
            next(answer.iter_lines())
            rig.server.__exit__(None, None, None)
            assert not rig.server._worker.running


def test_a_taken_address_is_told_in_a_line(rig):
    other = Server(rig.site, "127.0.0.1", rig.server.port, people={})
    with pytest.raises(OutputError, match=r"Address already in use"):
        other.__enter__()
