"""The whole program against a real broker."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from brokers import Listener, Mosquitto, free_port
from jsonschema import Draft202012Validator

import edgevision

DATA = Path(edgevision.__file__).parent / "data"


def checked(name, told):
    schema = json.loads((DATA / f"{name}.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(told)
    return told


@pytest.fixture
def called(tmp_path, environment):
    def call(*words, **more):
        return subprocess.run(
            [sys.executable, "-m", "edgevision", *words],
            cwd=tmp_path,
            env={**environment, **more},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return call


@pytest.fixture
def config(tmp_path):
    def write(port, *lines):
        path = tmp_path / "edgevision.yaml"
        own = [f"    port: {port}", "    device: door", *(f"    {line}" for line in lines)]
        path.write_text("\n".join(["outputs:", "  mqtt:", "    host: 127.0.0.1", *own]) + "\n")
        return path

    return write


def test_a_run_tells_everything_in_its_published_form(shared, tmp_path, called, config):
    video = next((shared / "video").glob("*golden*480p*.mp4"), None)
    if video is None:
        pytest.skip("the test material has no such video")
    with Mosquitto(tmp_path) as broker, Listener(broker.port) as listener:
        config(broker.port, "health_s: 1", "watch: [english_setter]")
        done = called("run", "--task", "dogs", "--source", f"file:{video}")
        assert done.returncode == 0, done.stderr
        kinds = {}
        for topic, payload, _ in listener.heard:
            kinds.setdefault(topic.rpartition("/")[2], []).append((topic, payload))
        for _, payload in kinds["event"]:
            checked("event", json.loads(payload))
        phases = [json.loads(payload)["phase"] for _, payload in kinds["event"]]
        assert phases.count("seen") == phases.count("ended") > 0
        for _, payload in kinds["state"]:
            checked("state", json.loads(payload))
        for _, payload in kinds["health"]:
            assert checked("health", json.loads(payload))["device"] == "door"
        (found,) = [payload for topic, payload in kinds["config"]]
        components = json.loads(found)["components"].values()
        assert {"switch", "select", "sensor", "event", "binary_sensor"} == {
            one["platform"] for one in components
        }
        # The topics that entities read are those that were written to.
        written = {topic for topic, _, _ in listener.heard}
        read = {one["state_topic"] for one in components if "state_topic" in one}
        assert read <= written


def test_what_waited_is_sent_by_a_later_run_whatever_its_source(shared, tmp_path, called, config):
    video = next((shared / "video").glob("*golden*480p*.mp4"), None)
    if video is None:
        pytest.skip("the test material has no such video")
    port = free_port()
    config(port)
    done = called("run", "--task", "dogs", "--source", f"file:{video}")
    assert done.returncode == 0, done.stderr
    kept = called("events", "list", "--json", "--limit", "1000").stdout.splitlines()
    assert kept
    with Mosquitto(tmp_path, port=port), Listener(port) as listener:
        done = called("run", "--task", "dogs", "--source", "synthetic:?frames=60&fps=30")
        assert done.returncode == 0, done.stderr
        listener.wait(
            lambda heard: len([1 for topic, _, _ in heard if topic.endswith("/event")]) >= len(kept)
        )
        told = [json.loads(payload) for topic, payload, _ in listener.heard if "/event" in topic]
    assert {(one["id"], one["phase"]) for one in told} == {
        (one["id"], one["phase"]) for one in map(json.loads, kept)
    }


def test_check_and_doctor_say_what_is_wrong(tmp_path, called, config):
    port = free_port()
    config(port)
    done = called("mqtt", "check")
    assert done.returncode == 3
    assert f"MQTT broker 127.0.0.1:{port}: cannot be reached: Connection refused" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    found = json.loads(called("doctor", "--json").stdout)
    (finding,) = [one for one in found if one["check"] == "MQTT"]
    assert finding["status"] == "FAIL"
    assert "cannot be reached" in finding["found"]
    with Mosquitto(tmp_path, port=port):
        assert called("mqtt", "check").stdout == f"127.0.0.1:{port} lets us in\n"


@pytest.mark.parametrize("words", [("mqtt", "check"), ("mqtt", "unregister")])
def test_without_a_broker_in_the_settings_the_way_out_is_told(called, words):
    done = called(*words)
    assert done.returncode == 2
    assert "outputs.mqtt is not set up" in done.stderr


def test_a_secret_that_is_not_there_ends_the_start_and_is_never_shown(called, config):
    config(1883, "username: a", "password_file: nowhere")
    done = called("run", "--source", "synthetic:?frames=1")
    assert done.returncode == 2
    assert "outputs.mqtt.password_file: nowhere: No such file or directory" in done.stderr
    assert "Traceback" not in done.stderr
    shown = called("config", "show", EDGEVISION_MQTT_PASSWORD="hush-hush")  # noqa: S106 - of nobody
    assert "hush" not in shown.stdout + shown.stderr


def test_events_need_a_store_to_wait_in(called, config):
    path = config(1883)
    path.write_text(path.read_text() + "store:\n  enabled: false\n")
    done = called("run", "--source", "synthetic:?frames=1")
    assert done.returncode == 2
    assert "set store.enabled: true" in done.stderr


def test_a_device_is_taken_from_the_broker_again(tmp_path, called, config):
    with Mosquitto(tmp_path) as broker:
        config(broker.port, "health_s: 1")
        done = called("run", "--task", "dogs", "--source", "synthetic:?frames=60&fps=30")
        assert done.returncode == 0, done.stderr
        with Listener(broker.port) as listener:
            listener.say("marker", b"")
            listener.wait_for("marker")
            kept = [topic for topic, payload, _ in listener.heard if payload]
            assert any(topic.startswith("homeassistant/device/") for topic in kept)
        assert "removed" in called("mqtt", "unregister").stdout
        with Listener(broker.port) as listener:
            listener.say("marker", b"")
            listener.wait_for("marker")
            assert [topic for topic, payload, _ in listener.heard if payload] == []


def test_each_of_several_sources_is_told_of_and_taken_away(tmp_path, called, config):
    with Mosquitto(tmp_path) as broker:
        path = config(broker.port, "health_s: 1")
        gate, yard = ("synthetic:?frames=60&fps=30&seed=" + seed for seed in "12")
        lines = [f"  - {{uri: '{gate}', name: gate}}", f"  - {{uri: '{yard}', name: yard}}"]
        path.write_text(path.read_text() + "\n".join(["sources:", *lines]) + "\n")
        done = called("run", "--task", "dogs")
        assert done.returncode == 0, done.stderr
        states = {f"edgevision/door/{name}/dogs/state" for name in ("gate", "yard")}
        with Listener(broker.port) as listener:
            listener.say("marker", b"")
            listener.wait_for("marker")
            assert states <= {topic for topic, payload, _ in listener.heard if payload}
        assert "removed" in called("mqtt", "unregister").stdout
        with Listener(broker.port) as listener:
            listener.say("marker", b"")
            listener.wait_for("marker")
            assert [topic for topic, payload, _ in listener.heard if payload] == []
