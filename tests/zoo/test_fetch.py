from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import subprocess
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serving import Server, Turn, certificate, download

from edgevision import __version__
from edgevision.errors import ConfigError, FetchError, ModelError
from edgevision.zoo.fetch import Limits, fetch
from edgevision.zoo.part import LOCK

NAME = "network.tflite"
CONTENT = hashlib.shake_128(b"a network").digest(300_000)
OTHER = hashlib.shake_128(b"another").digest(300_000)
WANTED = download(CONTENT)
HASTY = Limits(waits=(0.0, 0.0, 0.0, 0.0), spare_bytes=0)


@pytest.fixture(autouse=True)
def _direct(monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    with Server({NAME: CONTENT}) as running:
        yield running


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "models"
    made.mkdir()
    return made


@pytest.fixture(scope="module")
def trusted(tmp_path_factory):
    """The certificate of a server with TLS."""
    made = certificate(tmp_path_factory.mktemp("tls"))
    if made is None:
        pytest.skip("needs the program openssl to make a certificate")
    return made


@pytest.fixture
def unwritable(tmp_path):
    """A folder in which nobody can make a file, with one file in it."""
    place = tmp_path / "unwritable"
    place.mkdir()
    root = os.geteuid() == 0
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if root and subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("root can write everywhere, and may not mount here")
    (place / "kept.tflite").write_bytes(CONTENT)
    if not root:
        place.chmod(0o555)
        yield place
        return
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def get(server, folder, wanted=WANTED, limits=HASTY, **more):
    return fetch(wanted, folder, mirror=server.address, limits=limits, **more)


def refused(server, folder, **more):
    with pytest.raises(FetchError) as caught:
        get(server, folder, **more)
    assert not (folder / NAME).exists()
    text = str(caught.value)
    assert "\n" not in text
    return text


def names(folder):
    return {path.name for path in folder.iterdir()} - {LOCK}


def offsets(server):
    return [one.offset for one in server.asked]


def test_fetches_a_file_and_tells_how_far_it_is(server, folder):
    told = []

    path = get(server, folder, progress=lambda *numbers: told.append(numbers))

    assert path == folder / NAME
    assert path.read_bytes() == CONTENT
    assert names(folder) == {NAME}
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert all(before < after for before, after in pairwise(told))
    assert server.asked[0].headers["user-agent"] == f"edgevision/{__version__}"
    assert server.asked[0].path == f"/{NAME}"


def test_a_file_that_is_there_is_not_asked_for(server, folder):
    told = []
    get(server, folder)

    get(server, folder, progress=lambda *numbers: told.append(numbers))

    assert len(server.asked) == 1
    assert told == []


def test_a_file_that_is_there_needs_no_writing(server, unwritable):
    kept = unwritable / "kept.tflite"

    assert get(server, unwritable, download(CONTENT, kept.name)) == kept
    assert server.asked == []


def test_a_damaged_file_is_fetched_again(server, folder, caplog):
    (folder / NAME).write_bytes(OTHER)

    get(server, folder)

    assert (folder / NAME).read_bytes() == CONTENT
    assert "damaged" in caplog.text


def test_a_connection_that_is_cut_is_gone_on_with(server, folder):
    server.begin([Turn(cut=100_000), Turn(cut=100_000, sized=False)])

    get(server, folder)

    assert (folder / NAME).read_bytes() == CONTENT
    assert offsets(server) == [None, 100_000, 200_000]
    assert server.sent == len(CONTENT)


def test_more_cuts_than_tries_do_not_matter_while_it_gets_on(server, folder):
    server.begin([Turn(cut=70_000)] * 4)

    get(server, folder, limits=Limits(waits=(0.0,), spare_bytes=0))

    assert server.sent == len(CONTENT)


def test_an_interrupted_run_loses_nothing(server, folder):
    def interrupt(here, _):
        if here >= 150_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(server, folder, progress=interrupt)
    came = (folder / f"{NAME}.part").stat().st_size
    assert names(folder) == {f"{NAME}.part"}
    assert came >= 150_000
    server.begin([])

    get(server, folder)

    assert (folder / NAME).read_bytes() == CONTENT
    assert offsets(server) == [came]
    assert server.sent == len(CONTENT) - came


def test_a_part_that_is_whole_is_only_given_its_name(server, folder):
    (folder / f"{NAME}.part").write_bytes(CONTENT)

    get(server, folder)

    assert names(folder) == {NAME}
    assert server.asked == []


@pytest.mark.parametrize(
    "turn",
    [Turn(ranges=False), Turn(status=416), Turn(shift=10)],
    ids=["ignores the range", "416", "another range"],
)
def test_begins_from_zero_where_the_server_cannot_go_on(server, folder, turn):
    (folder / f"{NAME}.part").write_bytes(CONTENT[:100_000])
    server.begin([turn])

    get(server, folder)

    assert (folder / NAME).read_bytes() == CONTENT
    assert offsets(server) in ([100_000], [100_000, None])
    assert server.asked[-1].sent == len(CONTENT)


def test_a_part_longer_than_the_file_is_thrown_away(server, folder):
    (folder / f"{NAME}.part").write_bytes(CONTENT + b"more")

    get(server, folder)

    assert (folder / NAME).read_bytes() == CONTENT
    assert offsets(server) == [None]


@pytest.mark.parametrize("length", [100_000, len(CONTENT)], ids=["begun", "whole"])
def test_a_part_of_another_file_is_found_out_and_fetched_afresh(server, folder, length):
    (folder / f"{NAME}.part").write_bytes(OTHER[:length])

    get(server, folder)

    assert (folder / NAME).read_bytes() == CONTENT
    assert server.asked[-1].offset is None


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_a_server_in_trouble_is_asked_again(server, folder, status):
    server.begin([Turn(status=status)] * 4)

    get(server, folder)

    assert len(server.asked) == 5


def test_gives_up_after_five_tries(server, folder):
    server.begin([Turn(cut=1000), *[Turn(status=500)] * 10])

    message = refused(server, folder)

    assert "500 (Internal Server Error) (tried 5 times)" in message
    assert "--mirror" in message
    assert len(server.asked) == 5
    assert names(folder) == {f"{NAME}.part"}


@pytest.mark.parametrize("status", [404, 403, 410, 304, 204])
def test_a_plain_no_is_not_asked_again(server, folder, status):
    server.begin([Turn(status=status)])

    assert f"{server.address}/{NAME}: it answers {status}" in refused(server, folder)
    assert len(server.asked) == 1
    assert names(folder) == set()


def test_wrong_bytes_are_deleted_and_named(server, folder):
    server.begin([Turn(swapped=OTHER)])

    message = refused(server, folder)

    assert WANTED.sha256 in message
    assert download(OTHER).sha256 in message
    assert "deleted" in message
    assert len(server.asked) == 1
    assert names(folder) == set()


def test_wrong_bytes_after_a_part_are_tried_afresh_once(server, folder):
    (folder / f"{NAME}.part").write_bytes(CONTENT[:100_000])
    server.begin([Turn(swapped=OTHER)] * 5)

    assert "SHA-256" in refused(server, folder)
    assert offsets(server) == [100_000, None]
    assert names(folder) == set()


@pytest.mark.parametrize("extra", [-1, 1])
def test_a_file_of_another_length_is_another_file(server, folder, extra):
    (folder / f"{NAME}.part").write_bytes(CONTENT[:100_000])
    other = (CONTENT + b"x")[: len(CONTENT) + extra]
    server.begin([Turn(swapped=other), Turn(swapped=other, ranges=False)])

    for _ in range(2):
        assert f"has {len(other)} bytes, expected {len(CONTENT)}" in refused(server, folder)
    assert (folder / f"{NAME}.part").read_bytes() == CONTENT[:100_000]


def test_a_file_that_does_not_end_is_left(server, folder):
    server.begin([Turn(swapped=CONTENT * 3, sized=False)])

    assert "longer than 300000 bytes" in refused(server, folder)
    assert names(folder) == set()


def test_a_server_that_stalls_is_left(server, folder):
    server.begin([Turn(cut=20_000, stalls=True)] * 5)

    limits = Limits(read_seconds=0.5, waits=(0.0,), spare_bytes=0)
    message = refused(server, folder, limits=limits)

    assert "no byte came for 0.5 s (tried 2 times)" in message
    assert offsets(server) == [None, 20_000]
    assert (folder / f"{NAME}.part").read_bytes() == CONTENT[:40_000]


def test_a_server_that_hangs_up_is_asked_again(server, folder):
    server.begin([Turn(hangs_up=True)] * 3)

    get(server, folder)

    server.begin([Turn(hangs_up=True)] * 5)
    (folder / NAME).unlink()
    assert "the connection to it broke" in refused(server, folder)


def test_no_network(folder):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        for mirror, words in (
            (f"http://127.0.0.1:{port}", "no connection to it (Connection refused)"),
            ("http://nowhere.invalid", "its host is not known (is there a network?)"),
        ):
            with pytest.raises(FetchError) as caught:
                fetch(WANTED, folder, mirror=mirror, limits=Limits(waits=(), spare_bytes=0))
            assert words in str(caught.value)
            assert "\n" not in str(caught.value)
    assert names(folder) == set()


def test_redirections_are_followed(server, folder):
    with Server({}, [Turn(location=f"{server.address}/other/{NAME}")]) as first:
        first.begin([Turn(location="elsewhere"), *first.turns])
        (folder / f"{NAME}.part").write_bytes(CONTENT[:10])
        get(first, folder)

    assert (folder / NAME).read_bytes() == CONTENT
    assert [one.path for one in server.asked] == [f"/other/{NAME}"]
    assert offsets(server) == [10]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("file:///etc/passwd", "which is not https"),
        ("//[", "no address"),
        (f"/{NAME}", "more than 5 redirections"),
    ],
)
def test_redirections_to_nowhere_are_refused(server, folder, target, words):
    server.begin([Turn(location=target)] * 9)

    assert words in refused(server, folder)
    assert len(server.asked) <= 6


def test_an_account_in_the_mirror_goes_to_it_alone_and_into_no_message(server, folder):
    with Server({}, [Turn(location=f"{server.address}/{NAME}")]) as first:
        mirror = first.address.replace("//", "//ann:s3cret@") + "/deep/?token=hidden"
        server.begin([Turn(status=404)])
        with pytest.raises(FetchError) as caught:
            fetch(WANTED, folder, mirror=mirror, limits=HASTY)

    assert first.asked[0].path == f"/deep/{NAME}?token=hidden"
    assert first.asked[0].headers["authorization"] == "Basic YW5uOnMzY3JldA=="
    assert "authorization" not in server.asked[0].headers
    assert "s3cret" not in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_official_addresses_are_asked_in_their_order(trusted, folder, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with Server({NAME: CONTENT}, [Turn(status=404)], certificate=trusted) as server:
        wanted = download(CONTENT, NAME, f"{server.address}/a", f"{server.address}/b/{NAME}")

        fetch(wanted, folder, limits=HASTY)

    assert (folder / NAME).read_bytes() == CONTENT
    assert [one.path for one in server.asked] == ["/a", f"/b/{NAME}"]


def test_every_address_that_failed_is_named(trusted, folder, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with Server({}, [Turn(status=403)], certificate=trusted) as server:
        wanted = download(CONTENT, NAME, f"{server.address}/a", f"{server.address}/b")
        with pytest.raises(FetchError) as caught:
            fetch(wanted, folder, limits=HASTY)

    for words in (f"{server.address}/a: it answers 403", f"{server.address}/b: it answers 404"):
        assert words in str(caught.value)


def test_an_untrusted_certificate_is_told_at_once(trusted, folder):
    with Server({NAME: CONTENT}, certificate=trusted) as server:
        message = refused(server, folder)

    assert "certificate is not trusted (self-signed certificate)" in message.replace(
        "self signed", "self-signed"
    )
    assert "clock" in message
    assert server.asked == []


def test_a_redirection_out_of_tls_is_refused(trusted, server, folder, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    turns = [Turn(location=f"{server.address}/{NAME}")]
    with Server({}, turns, certificate=trusted) as safe:
        assert "which is not https" in refused(safe, folder)

    assert server.asked == []


def test_official_addresses_have_tls(server, folder):
    wanted = download(CONTENT, NAME, f"{server.address}/{NAME}")

    with pytest.raises(ModelError, match="not https"):
        fetch(wanted, folder, limits=HASTY)
    assert server.asked == []


def test_a_file_without_address_needs_a_mirror(folder):
    with pytest.raises(FetchError, match="give --mirror a folder"):
        fetch(WANTED, folder, limits=HASTY)


@pytest.mark.parametrize("name", ["a/b", "..", "/etc/x", "a\\b", "", ".part"])
def test_a_name_leads_nowhere_else(server, folder, name):
    with pytest.raises(ModelError, match="no name of a file"):
        get(server, folder, download(CONTENT, name))
    assert server.asked == []


def test_a_proxy_of_the_environment_is_asked(server, folder, monkeypatch):
    monkeypatch.setenv("http_proxy", server.address.replace("//", "//ann:s3cret@"))
    fetch(WANTED, folder, mirror="http://bob:pw@models.invalid/them", limits=HASTY)

    assert server.asked[0].path == f"http://models.invalid/them/{NAME}"
    assert server.asked[0].headers["proxy-authorization"] == "Basic YW5uOnMzY3JldA=="
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    (folder / NAME).unlink()
    get(server, folder)
    assert server.asked[1].path == f"/{NAME}"


def test_tls_goes_through_a_proxy(trusted, server, folder, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    monkeypatch.setenv("https_proxy", server.address)
    with Server({NAME: CONTENT}, certificate=trusted) as safe:
        get(safe, folder)

        assert [one.path for one in server.asked] == [safe.address.removeprefix("https://")]
    assert (folder / NAME).read_bytes() == CONTENT


def test_a_proxy_that_is_not_there_is_named(server, folder, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{unused.getsockname()[1]}")

        assert "no connection to the proxy (Connection refused)" in refused(server, folder)


@pytest.mark.parametrize("form", ["{}", "file://{}", "file://localhost{}"])
def test_a_folder_is_a_mirror(tmp_path, folder, form):
    stick = tmp_path / "my stick"
    stick.mkdir()
    (stick / NAME).write_bytes(CONTENT)
    (folder / f"{NAME}.part").write_bytes(CONTENT[:1000])
    told = []
    mirror = form.format(str(stick).replace(" ", "%20") if "file" in form else stick)

    fetch(WANTED, folder, mirror=mirror, limits=HASTY, progress=lambda *now: told.append(now))

    assert (folder / NAME).read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))


def test_what_a_mirror_folder_lacks_is_said(tmp_path, folder):
    stick = tmp_path / "stick"
    with pytest.raises(FetchError, match="is no folder that is there"):
        fetch(WANTED, folder, mirror=str(stick), limits=HASTY)
    stick.mkdir()
    with pytest.raises(FetchError, match=rf"stick/{NAME}: there is no such file"):
        fetch(WANTED, folder, mirror=str(stick), limits=HASTY)
    (stick / NAME).mkdir()
    with pytest.raises(FetchError, match="it cannot be read"):
        fetch(WANTED, folder, mirror=str(stick), limits=HASTY)
    (stick / NAME).rmdir()
    (stick / NAME).write_bytes(CONTENT[:-1])
    with pytest.raises(FetchError, match="has 299999 bytes, expected 300000"):
        fetch(WANTED, folder, mirror=str(stick), limits=HASTY)
    (stick / NAME).write_bytes(OTHER)
    with pytest.raises(FetchError, match=WANTED.sha256):
        fetch(WANTED, folder, mirror=str(stick), limits=HASTY)
    assert names(folder) == set()
    assert (stick / NAME).read_bytes() == OTHER


@pytest.mark.parametrize("mirror", ["ftp://host/x", "http://", "http://[", "file://elsewhere/x"])
def test_what_is_no_mirror_is_refused(folder, mirror):
    with pytest.raises(ConfigError, match="neither a folder nor an http"):
        fetch(WANTED, folder, mirror=mirror, limits=HASTY)


def test_what_does_not_fit_is_not_begun(server, small_disk):
    message = refused(server, small_disk, limits=Limits(spare_bytes=1 << 20))

    assert "needs 1.3 MB" in message
    assert "make room" in message
    assert server.asked == []


def test_a_disk_that_fills_half_way_is_said_and_the_rest_comes_later(server, small_disk):
    def others_write(here, _):
        if here >= 150_000 and not (small_disk / "others").exists():
            left = os.statvfs(small_disk)
            (small_disk / "others").write_bytes(bytes(left.f_bavail * left.f_bsize))

    message = refused(server, small_disk, progress=others_write)

    assert f"the disk of {small_disk} is full" in message
    assert len(server.asked) == 1
    came = (small_disk / f"{NAME}.part").stat().st_size
    assert came >= 150_000
    (small_disk / "others").unlink()
    server.begin([])
    get(server, small_disk)
    assert (small_disk / NAME).read_bytes() == CONTENT
    assert offsets(server) == [came]


def test_a_folder_that_cannot_be_written_to(server, unwritable):
    message = refused(server, unwritable)

    assert f"the folder {unwritable} cannot be written to" in message
    assert "models.folder" in message
    assert server.asked == []


def test_a_folder_that_is_not_there(server, tmp_path):
    assert "No such file" in refused(server, tmp_path / "nowhere")


def test_another_run_is_waited_for_but_not_for_ever(server, folder, caplog):
    caplog.set_level("INFO")
    with (folder / LOCK).open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        limits = Limits(lock_seconds=0.3, spare_bytes=0)
        message = refused(server, folder, limits=limits)

    assert "another run of edgevision" in message
    assert len([line for line in caplog.messages if "waiting" in line]) == 1
    assert server.asked == []
    get(server, folder)


turns = st.lists(
    st.builds(
        Turn,
        status=st.sampled_from([None, None, None, 416, 500]),
        cut=st.none() | st.integers(0, 5000),
        ranges=st.booleans(),
        shift=st.sampled_from([0, 0, 0, 1, -1]),
        sized=st.booleans(),
        swapped=st.sampled_from([None, None, OTHER[:5000], OTHER[:4000]]),
        hangs_up=st.sampled_from([False, False, True]),
    ),
    max_size=8,
)


@pytest.fixture(scope="module")
def small_server():
    with Server({NAME: CONTENT[:5000]}) as running:
        yield running


@settings(max_examples=150)
@given(turns=turns, left=st.binary(max_size=3) | st.integers(0, 5001).map(lambda n: CONTENT[:n]))
def test_whatever_the_server_does_no_wrong_file_gets_the_name(small_server, turns, left):
    wanted = download(CONTENT[:5000])
    small_server.begin(turns)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / f"{NAME}.part").write_bytes(left)
        failure = None
        try:
            get(small_server, folder, wanted)
        except FetchError as error:
            failure = error
        if failure is None:
            assert names(folder) == {NAME}
            assert (folder / NAME).read_bytes() == CONTENT[:5000]
        else:
            assert names(folder) <= {f"{NAME}.part"}
            assert "\n" not in str(failure)
        small_server.begin([])
        get(small_server, folder, wanted)
        assert (folder / NAME).read_bytes() == CONTENT[:5000]
