from __future__ import annotations

import pytest

from edgevision.app.pictures import allowed_outputs
from edgevision.config.schema import Settings


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
