from __future__ import annotations

import contextlib
import hashlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import classifier

from edgevision.errors import ModelError, OutputError
from edgevision.zoo import added
from edgevision.zoo.entry import Download, Entry
from edgevision.zoo.registry import entries, find

LABELS = ("background", "kestrel", "merlin", "hobby", "käuzchen")


@pytest.fixture
def source(tmp_path):
    return classifier(tmp_path / "source.tflite")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "models"


def entry_for(source, name="falcons", **changed):
    content = source.read_bytes()
    file = Download(f"{name}.tflite", len(content), hashlib.sha256(content).hexdigest())
    fields = {"labels": LABELS, "background": 0, "scaling": (10.0, 20.5), "mult_adds": 15}
    return Entry(name, "", None, 8, file, "added", **{**fields, **changed})


def test_what_was_kept_is_found_by_its_id_with_all_that_is_known_of_it(source, folder):
    entry = entry_for(source)
    path = added.keep(entry, source, folder)

    assert path.read_bytes() == source.read_bytes()
    assert added.entry_of("falcons", folder) == entry
    assert entries(folder)["falcons"] == entry
    model = find("falcons", folder=folder)
    assert (model.name, model.path, model.labels) == ("falcons", path, LABELS)
    assert (model.entry, model.scaling) == (entry, (10.0, 20.5))
    assert {one.name for one in folder.iterdir()} == {"falcons.tflite", "falcons.json"}


def test_what_was_not_added_is_not_there(folder):
    assert added.entry_of("falcons", folder) is None
    assert added.entry_of("../falcons", folder) is None
    assert added.scan(folder) == ({}, {})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is damaged"),
        (b"\xff\xfe", "is damaged"),
        (b"[" * 30_000, "is damaged"),
        (b"[]", "expected keys and values"),
        (b'{"resolution": 8}', "key file is missing"),
        (b'{"resolution": 8, "colour": 1}', "key 'colour' is not known"),
    ],
)
def test_a_damaged_description_is_named_and_only_its_network_is_out(
    source, folder, caplog, content, says
):
    added.keep(entry_for(source), source, folder)
    added.keep(entry_for(source, "owls"), source, folder)
    about = folder / "owls.json"
    about.write_bytes(content)

    with pytest.raises(ModelError, match=says) as refused:
        find("owls", folder=folder)
    assert str(about) in str(refused.value)
    assert "models add FILE --name owls --replace" in str(refused.value)
    assert "owls" not in entries(folder)
    assert str(about) in caplog.text
    assert find("falcons", folder=folder).labels == LABELS


def test_a_description_of_another_file_is_refused(source, folder):
    added.keep(entry_for(source), source, folder)
    (folder / "falcons.json").rename(folder / "owls.json")
    with pytest.raises(ModelError, match=r"is of the file falcons\.tflite"):
        find("owls", folder=folder)


def test_a_file_that_was_changed_or_is_gone_is_not_used(source, folder):
    path = added.keep(entry_for(source), source, folder)
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(ModelError, match="is damaged or another file, and is not used"):
        find("falcons", folder=folder)
    path.unlink()
    with pytest.raises(ModelError, match="its file is missing"):
        find("falcons", folder=folder)


def test_a_file_that_changed_meanwhile_is_not_kept(source, folder):
    entry = entry_for(source)
    source.write_bytes(source.read_bytes() + b"more")
    with pytest.raises(ModelError, match="changed while it was read"):
        added.keep(entry, source, folder)
    assert not folder.exists()


def test_a_full_disk_is_one_line_and_leaves_what_was_there(small_disk, source):
    folder = small_disk / "models"
    path = added.keep(entry_for(source), source, folder)
    before = path.read_bytes()
    large = small_disk.parent / "large.tflite"
    large.write_bytes(source.read_bytes() + bytes(700_000))

    with pytest.raises(OutputError, match="No space left on device") as refused:
        added.keep(entry_for(large), large, folder)

    assert "it needs 0.7 MB; free some" in str(refused.value)
    assert path.read_bytes() == before
    assert {one.name for one in folder.iterdir()} == {"falcons.tflite", "falcons.json"}
    (small_disk / "ballast").unlink()
    assert added.keep(entry_for(large), large, folder).stat().st_size == large.stat().st_size


def test_a_folder_that_is_none_is_one_line(tmp_path, source):
    place = tmp_path / "file"
    place.touch()
    with pytest.raises(OutputError, match="falcons cannot be kept there"):
        added.keep(entry_for(source), source, place)
    assert added.scan(place) == ({}, {})


def test_what_is_forgotten_frees_its_bytes(source, folder):
    path = added.keep(entry_for(source), source, folder)
    size = path.stat().st_size + (folder / "falcons.json").stat().st_size
    assert added.forget("falcons", folder, ("falcons.tflite",)) == size
    assert added.forget("falcons", folder, ("falcons.tflite",)) == 0
    assert list(folder.iterdir()) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.integers(0, 500), st.integers(0, 40), st.text(max_size=4))
def test_any_damage_to_a_description_is_read_or_refused(source, folder, place, length, instead):
    added.keep(entry_for(source), source, folder)
    about = folder / "falcons.json"
    text = about.read_text(encoding="utf-8")
    assert json.loads(text)
    about.write_text(text[:place] + instead + text[place + length :], "utf-8")
    with contextlib.suppress(ModelError):
        find("falcons", folder=folder)
