"""The main job on an Edge TPU's stand-in, as a user starts it."""

from __future__ import annotations

import json
from collections import Counter

EXTRACTOR = "mobilenet_v1_1.0_224_quant_embedding_extractor"


def run(edgevision, tpu, shared, *words, model=f"{EXTRACTOR}_edgetpu", **variables):
    video = shared / "video/dog_meadow_360p.mp4"
    return edgevision(
        *("run", "--task", "dogs", "--source", f"file:{video}", "--model", model),
        *("--max-frames", 40, "--events", "-", *words),
        **tpu.environment,
        **variables,
        EDGEVISION_MODELS__FOLDER=str(shared / "models"),
        # This backbone is less sure than the one of the package.
        EDGEVISION_DECIDE__THRESHOLD="0.05",
        EDGEVISION_DECIDE__RELEASE="0.05",
        EDGEVISION_DECIDE__PRESENCE="0.0",
    )


def names(done) -> list[str]:
    return [event["name"] for event in done.events if event.get("phase") == "seen"]


def test_dogs_with_the_backbone_there_and_the_head_here(edgevision, tpu, shared):
    done = run(edgevision, tpu, shared)
    assert done.code == 0, done.err
    on_cpu = run(edgevision, tpu, shared, model=EXTRACTOR)
    assert names(done) == names(on_cpu) != []
    assert {event["model"] for event in done.events} == {f"{EXTRACTOR}_edgetpu"}
    assert len(tpu.runs) > 40
    assert "proved on Edge TPU edgetpu: off by 0.0 %" in done.err

    listed = edgevision("models", "list", EDGEVISION_MODELS__FOLDER=str(shared / "models"))
    (line,) = (one for one in listed.out.splitlines() if " on Edge TPU " in one)
    assert line.startswith(f"{EXTRACTOR}_edgetpu on Edge TPU edgetpu (")
    assert ": proved: off by 0.0 % (at most 10 %)" in line


def test_a_device_that_crashes_each_time_ends_nothing(edgevision, tpu, shared):
    assert run(edgevision, tpu, shared).code == 0
    tpu.say("crash")
    done = run(edgevision, tpu, shared, EDGEVISION_ENGINE__MAX_FAILURES="1")
    assert done.code == 0, done.err
    assert names(done) == names(run(edgevision, tpu, shared, model=EXTRACTOR))
    said = Counter("frames stay on the CPU" in line for line in done.err.splitlines())
    assert said[True] >= 1


def test_a_network_that_is_refused_at_the_start_runs_on_the_cpu(edgevision, tpu, shared, tmp_path):
    assert run(edgevision, tpu, shared).code == 0
    (kept,) = tmp_path.rglob("proofs.json")
    content = json.loads(kept.read_text())
    content["proofs"][0].update(ok=False, why="its outputs are not those of the CPU")
    kept.write_text(json.dumps(content))
    done = run(edgevision, tpu, shared)
    assert done.code == 0, done.err
    assert "is refused on Edge TPU" in done.err
    assert {event["model"] for event in done.events} == {EXTRACTOR}
