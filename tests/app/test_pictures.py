from __future__ import annotations

import pytest

from edgevision.app.build import rules_of
from edgevision.app.pictures import allowed_outputs
from edgevision.app.running import Running
from edgevision.config.schema import Settings
from edgevision.errors import CommandError
from edgevision.outputs.snapshots import Snapshots
from edgevision.pipeline.outlet import Outlet
from edgevision.sources.uri import make
from edgevision.values.command import Command


def settings_with(folder, stored):
    return Settings.model_validate(
        {
            "privacy": {"store_images": stored},
            "outputs": {
                "jsonl": {"path": str(folder / "e.jsonl")},
                "video": {"path": str(folder / "v.mp4")},
                "snapshots": {"folder": str(folder / "s"), "every_s": 3},
                "clips": {"folder": str(folder / "c")},
            },
        }
    )


@pytest.mark.parametrize(
    ("stored", "on", "every_s"),
    [
        ("never", {"console", "jsonl"}, None),
        ("event", {"console", "jsonl", "snapshots", "clips"}, 0),
        ("always", {"console", "jsonl", "snapshots", "clips", "video"}, 3),
    ],
)
def test_which_outputs_may_store_pictures(tmp_path, stored, on, every_s):
    allowed = allowed_outputs(settings_with(tmp_path, stored))
    assert {name for name, one in allowed if one is not None} == on
    assert (allowed.snapshots and allowed.snapshots.every_s) == every_s


@pytest.mark.parametrize("stored", ["never", "event", "always"])
def test_a_picture_on_request_is_refused_unless_always(tmp_path, stored, make_report):
    folder = tmp_path / "s"
    settings = settings_with(tmp_path, stored)
    with Outlet(Snapshots(folder), wait=True) as outlet:
        running = Running(
            settings,
            step=None,
            rules={"dogs": rules_of},
            switches=None,
            source=make("synthetic:", "camera"),
            outlets=[outlet],
            store=None,
        )
        ask = running.quick()["snapshot"]
        if stored == "always":
            ask(Command("snapshot", "http"))
        else:
            with pytest.raises(CommandError, match=f"store_images is {stored}"):
                ask(Command("snapshot", "http"))
        outlet.write(make_report(1))
    assert len(list(folder.iterdir())) == (stored == "always")
