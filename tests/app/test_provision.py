from __future__ import annotations

import hashlib

import pytest
from serving import Server, Turn, download

from edgevision.app import provision
from edgevision.config.layers import load
from edgevision.errors import FetchError, ModelError
from edgevision.zoo.entry import Download, Entry
from edgevision.zoo.registry import entries

NETWORK = hashlib.shake_128(b"network").digest(100_000)
LABELS = b"collie\nkuvasz\n"
SMALLEST = "mobilenet_v1_0.25_128_quant"


def entry(origin="registry", labels: Download | tuple[str, ...] | None = None) -> Entry:
    return Entry("toy", "", None, 32, download(NETWORK, "toy.tflite"), origin, labels)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server({"toy.tflite": NETWORK, "toy.txt": LABELS}) as running:
        yield running


@pytest.fixture
def mirror(shared):
    folder = shared / "models"
    if not (folder / f"{SMALLEST}.tflite").is_file():
        pytest.skip(f"no networks in {folder}")
    return folder


def settings_of(folder, *, auto_pull=True, model=SMALLEST):
    flags = {"models.auto_pull": auto_pull, "models.folder": str(folder), "model.use": model}
    return load(None, {"HOME": "/nonexistent"}, flags)


def test_a_network_comes_with_its_labels_into_a_folder_that_is_made(server, tmp_path):
    told = []
    folder = tmp_path / "of" / "models"
    wanted = entry(labels=download(LABELS, "toy.txt"))

    path = provision.pull(wanted, folder, server.address, lambda *now: told.append(now))

    assert path == folder / "toy.tflite"
    assert path.read_bytes() == NETWORK
    assert (folder / "toy.txt").read_bytes() == LABELS
    whole = len(NETWORK) + len(LABELS)
    assert [here for here, _ in told] == sorted(here for here, _ in told)
    assert {all_of_it for _, all_of_it in told} == {whole}
    assert told[-1] == (whole, whole)


def test_labels_that_fail_leave_the_network_for_the_next_try(server, tmp_path):
    wanted = entry(labels=download(LABELS, "toy.txt"))
    server.begin([Turn(), Turn(status=404)])
    with pytest.raises(FetchError, match=r"toy\.txt"):
        provision.pull(wanted, tmp_path, server.address)

    provision.pull(wanted, tmp_path, server.address)

    asked = [one.path for one in server.asked]
    assert asked == ["/toy.tflite", "/toy.txt", "/toy.txt"]


@pytest.mark.parametrize(
    ("origin", "words"), [("embedded", "comes with the package"), ("added", "was added")]
)
def test_only_what_the_registry_offers_is_fetched(server, tmp_path, origin, words):
    with pytest.raises(ModelError, match=words):
        provision.pull(entry(origin), tmp_path, server.address)
    assert server.asked == []


def test_a_folder_that_cannot_be_made_is_said(server, tmp_path):
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(FetchError, match="cannot be made"):
        provision.pull(entry(), tmp_path / "file" / "models", server.address)


def test_everything_of_the_registry_is_on_a_mirror_and_right(mirror, tmp_path):
    remote = [one for one in entries(tmp_path).values() if one.origin == "registry"]
    assert len(remote) >= 11

    for one in remote:
        path = provision.pull(one, tmp_path, str(mirror))
        assert hashlib.sha256(path.read_bytes()).hexdigest() == one.file.sha256

    pinned = dict(
        reversed(line.split()) for line in (mirror / "SHA256SUMS").read_text("utf-8").splitlines()
    )
    for path in tmp_path.glob("[!.]*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == pinned[path.name]


def test_a_chosen_network_is_fetched_when_it_is_missing(mirror, tmp_path, caplog):
    caplog.set_level("INFO")
    environ = {provision.MIRROR: str(mirror)}

    provision.ensure(settings_of(tmp_path), environ)
    provision.ensure(settings_of(tmp_path), environ)

    assert (tmp_path / f"{SMALLEST}.tflite").is_file()
    said = [line for line in caplog.messages if "fetching" in line]
    assert len(said) == 1
    assert "0.5 MB" in said[0]
    assert str(mirror) in said[0]


@pytest.mark.parametrize(
    "changed",
    [{"auto_pull": False}, {"model": "default"}, {"model": "mobilenet_v2"}, {"model": "x.tflite"}],
    ids=str,
)
def test_nothing_is_fetched_that_was_not_asked_for(tmp_path, changed):
    folder = tmp_path / "models"

    provision.ensure(settings_of(folder, **changed), {provision.MIRROR: str(tmp_path)})

    assert not folder.exists()


def test_a_network_that_does_not_come_is_told(tmp_path):
    with pytest.raises(FetchError, match=SMALLEST):
        provision.ensure(settings_of(tmp_path), {provision.MIRROR: str(tmp_path)})
