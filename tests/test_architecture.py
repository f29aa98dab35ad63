from __future__ import annotations

import re

import pytest

from edgevision import engines, outputs, regions, sources, tasks
from edgevision.app.doctor import CHECKS
from edgevision.errors import AbsentError, WrittenError


@pytest.fixture(scope="module")
def page(request) -> str:
    project = request.getfixturevalue("project")
    return (project / "docs" / "architecture.md").read_text(encoding="utf-8")


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table under `heading`, without its head."""
    section = re.split(
        r"^## ", page.partition(f"## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE
    )[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in lines[2:]
    ]


def test_the_floors_are_those_that_import_linter_holds(page, project):
    settings = (project / "pyproject.toml").read_text(encoding="utf-8")
    layers = re.search(r"^layers = \[\n(.*?)^\]", settings, re.MULTILINE | re.DOTALL)
    assert layers is not None

    held = re.findall(r'"(.+?)"', layers[1])
    assert [cells[0].strip("`") for cells in rows(page, "Floors")] == held


def test_every_kind_is_named(page):
    named = {
        cells[0].strip("`"): set(re.findall(r"`(\w+)`", cells[1]))
        for cells in rows(page, "The kinds there are")
    }

    tables = {"sources": sources, "regions": regions, "engines": engines}
    tables |= {"tasks": tasks, "outputs": outputs}
    assert named == {folder: set(module.KINDS) for folder, module in tables.items()}


def test_the_exit_codes_are_those_of_the_errors(page):
    codes = {cells[0]: cells[1] for cells in rows(page, "Settings and errors")}

    assert "what was written is wrong" in codes[str(WrittenError.exit_code)]
    assert "not there now" in codes[str(AbsentError.exit_code)]


def test_every_value_and_protocol_it_names_is_there(page, project):
    def defined(path):
        text = (project / path).read_text(encoding="utf-8")
        return set(re.findall(r"^class (\w+)", text, re.MULTILINE))

    values = set().union(*(defined(p) for p in (project / "edgevision/values").glob("*.py")))
    named = {
        name for cells in rows(page, "The values") for name in re.findall(r"`(\w+)`", cells[0])
    }
    assert named <= values
    protocols = {cells[0].strip("`") for cells in rows(page, "The protocols")}
    assert protocols == defined("edgevision/protocols.py")


@pytest.mark.parametrize("name", ["architecture", "install"])
def test_every_path_that_a_page_names_is_there(project, name):
    text = (project / "docs" / f"{name}.md").read_text(encoding="utf-8")

    paths = set(
        re.findall(
            r"`((?:edgevision|pipeline|app|cli|config|sources|scripts|systemd)/[\w/.]+)`", text
        )
    )
    assert paths
    for path in paths:
        if "NAME" in path:
            continue
        assert (project / path).exists() or (project / "edgevision" / path).exists(), path
    for link in re.findall(r"\]\(([\w/.-]+)\)", text):
        assert (project / "docs" / link).exists(), link


def test_the_doctors_checks_have_short_names():
    assert all(name == name.strip() and len(name) <= 10 for name in CHECKS)
