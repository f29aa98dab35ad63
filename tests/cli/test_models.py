from __future__ import annotations

import hashlib
import json

from click.testing import CliRunner

from edgevision.cli.main import cli
from edgevision.zoo.registry import DEFAULT, embedded


def test_list_names_every_network_and_marks_the_default():
    result = CliRunner().invoke(cli, ["models", "list"])

    assert result.exit_code == 0, result.output
    heading, *lines = result.stdout.splitlines()
    assert heading.split()[:3] == ["model", "input", "MB"]
    assert {line[2:].split()[0] for line in lines} == set(embedded())
    assert [line[2:].split()[0] for line in lines if line.startswith("*")] == [DEFAULT]
    assert all("dogs (120), imagenet1k (1000)" in line for line in lines)


def test_json_tells_what_the_files_are():
    result = CliRunner().invoke(cli, ["models", "list", "--json"])

    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert rows.keys() == embedded().keys()
    for name, path in embedded().items():
        row = rows[name]
        content = path.read_bytes()
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
        assert row["mb"] == round(len(content) / 1e6, 2)
        assert (row["side"], row["dtype"]) == (224, "uint8")
        assert row["heads"] == {"dogs": 120, "imagenet1k": 1000}
        assert row["default"] == (name == DEFAULT)
    # Tan and Le, and Sandler et al., give 407 and 300 million with the 1000-way classifier.
    assert 370e6 < rows["efficientnet_lite0"]["mult_adds"] < 407e6
    assert 290e6 < rows["mobilenet_v2"]["mult_adds"] < 305e6
