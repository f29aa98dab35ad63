from __future__ import annotations

import json

from click.testing import CliRunner

from edgevision.app.checks.finding import Finding
from edgevision.app.doctor import CHECKS
from edgevision.cli.doctor import doctor, table
from edgevision.cli.main import cli


def test_the_table_has_a_line_for_each_check_and_no_colours_in_a_pipe(tmp_path):
    result = CliRunner().invoke(cli, ["doctor"], env={"HOME": str(tmp_path)})

    lines = result.output.splitlines()
    for name in CHECKS:
        assert any(name in line.split("  ") for line in lines), (name, lines)
    assert "\x1b" not in result.output
    assert result.exit_code == (1 if "FAIL" in result.output else 0)


def test_json(tmp_path):
    result = CliRunner().invoke(doctor, ["--json"], env={"HOME": str(tmp_path)})

    rows = json.loads(result.stdout)
    assert [row["check"] for row in rows] == list(CHECKS)
    assert all(set(row) == {"check", "status", "found", "fix"} for row in rows)


def test_a_fail_gives_code_1_and_its_fix(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text("engine: 5\n", encoding="utf-8")

    result = CliRunner().invoke(doctor, ["--config", str(path)])

    assert result.exit_code == 1
    assert "FAIL  config" in result.output
    assert "-> mend it, then: edgevision config check" in result.output
    assert "Traceback" not in result.output


def test_the_fix_stands_under_what_was_found():
    lines = [
        *table({"disk": Finding("OK", "9 MB free"), "cameras": Finding("WARN", "none", "buy one")})
    ]

    assert [
        line.replace("\x1b[32m", "").replace("\x1b[33m", "").replace("\x1b[0m", "")
        for line in lines
    ] == [
        "OK    disk     9 MB free",
        "WARN  cameras  none",
        "               -> buy one",
    ]
