from __future__ import annotations

import pytest

from edgevision.errors import ConfigError
from edgevision.web.application import may
from edgevision.web.doorman import Doorman, Refused, Visitor
from edgevision.web.passwords import fits, hashed, is_hash
from edgevision.web.people import Person, add_person, read_people, read_token
from edgevision.web.routes import WAYS

API = "/api/v1"
MARK = {"X-Edgevision": "1"}
PASSWORD, TOKEN = "correct horse", "a-token-of-some-length"
PEOPLE = {
    "anna": Person("anna", "operator", hashed(PASSWORD)),
    "ben": Person("ben", "viewer", hashed(PASSWORD)),
}


def path_of(way) -> str:
    return way.path.replace("{name}", "camera").replace("{id}", "x").replace("{number:int}", "0")


@pytest.fixture
def locked(rigged):
    with rigged(people=PEOPLE, token=TOKEN) as rig:
        yield rig


def login(rig, name, password=PASSWORD):
    given = {"name": name, "password": password}
    return rig.client.post(f"{API}/login", json=given, headers=MARK)


def test_nobody_gets_in_without_logging_in(locked):
    for way in WAYS:
        answer = locked.client.request(way.method, path_of(way), headers=MARK)
        if way.who == "everybody":
            assert answer.status_code not in {303, 403}, way.path
            assert "log in first" not in answer.text
        else:
            assert answer.status_code == (303 if way.path == "/" else 401), way.path


def test_a_viewer_looks_and_an_operator_changes(locked):
    command = {"action": "enabled", "value": False}
    assert login(locked, "ben").json() == {"name": "ben", "role": "viewer"}
    assert locked.client.get(f"{API}/state").status_code == 200
    assert locked.client.post(f"{API}/commands", json=command, headers=MARK).status_code == 403
    assert locked.commands == []
    assert login(locked, "anna").status_code == 200
    assert locked.client.post(f"{API}/commands", json=command, headers=MARK).status_code == 200
    locked.client.post(f"{API}/logout", headers=MARK)
    assert locked.client.get(f"{API}/state").status_code == 401


def test_the_cookie_is_for_this_page_alone(locked):
    cookie = login(locked, "anna").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_a_token_is_enough_for_programs(locked):
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert locked.client.get("/metrics", headers=bearer).status_code == 200
    command = {"action": "freeze"}
    assert locked.client.post(f"{API}/commands", json=command, headers=bearer).status_code == 200
    for wrong in (f"Bearer {TOKEN}x", "Bearer", f"Basic {TOKEN}", "Bearer \xe9"):
        headers = {"Authorization": wrong.encode("latin-1")}
        assert locked.client.get("/metrics", headers=headers).status_code == 401
    assert login(locked, "", TOKEN).json()["role"] == "operator"


def test_wrong_passwords_are_told_and_then_made_to_wait(locked):
    assert [login(locked, "anna", "wrong").status_code for _ in range(5)] == [401] * 5
    waiting = login(locked, "anna")
    assert waiting.status_code == 429
    assert int(waiting.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "given", [{}, {"password": 1}, {"name": ["a"], "password": "b"}, {"password": "b", "role": "x"}]
)
def test_a_malformed_login_is_told(locked, given):
    assert locked.client.post(f"{API}/login", json=given, headers=MARK).status_code == 400


def test_the_waiting_ends():
    now = [0.0]
    doorman = Doorman(PEOPLE, None, lambda: now[0])
    for _ in range(5):
        doorman.check_rate("here")
        doorman.send_away("here")
    with pytest.raises(Refused):
        doorman.check_rate("here")
    doorman.check_rate("there")
    now[0] = 61.0
    doorman.check_rate("here")


def test_a_session_ends():
    now = [0.0]
    doorman = Doorman(PEOPLE, None, lambda: now[0])
    session = doorman.let_in(Visitor("ben", "viewer"))
    assert doorman.visitor(None, session) == Visitor("ben", "viewer")
    now[0] = 13 * 3600.0
    assert doorman.visitor(None, session) is None


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:8080", 200),
        ("[::1]:8080", 200),
        ("192.168.1.7:8080", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost:x", 421),
        ("evil.example@127.0.0.1", 421),
        ("localhost/evil.example", 421),
        ("localhost?evil.example", 421),
        ("[", 421),
        ("", 421),
    ],
)
def test_only_our_names_are_answered(rig, host, status):
    assert rig.client.get("/healthz", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**MARK, "Origin": "http://evil.example"},
        {**MARK, "Origin": "null"},
        {**MARK, "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_other_pages_change_nothing(rig, headers):
    answer = rig.client.post(f"{API}/commands", json={"action": "freeze"}, headers=headers)
    assert answer.status_code == 403
    assert rig.commands == []


def test_every_answer_keeps_browsers_careful(rig):
    for path in ("/", "/nothing", f"{API}/state", "/static/app.js"):
        headers = rig.client.get(path).headers
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


def test_what_is_open_is_only_this():
    everybody = {way.path for way in WAYS if may(None, way)}
    assert everybody == {"/login", "/static/{name}", "/healthz", "/readyz", f"{API}/login"}
    changing = {way.path for way in WAYS if way.method == "POST"}
    viewer = {way.path for way in WAYS if may(Visitor("ben", "viewer"), way)}
    assert changing - viewer == {f"{API}/commands"}


def test_a_hash_fits_its_password_alone():
    kept = hashed("secret word")
    assert kept != hashed("secret word")
    assert fits("secret word", kept)
    assert not fits("secret wore", kept)
    for text in (
        "",
        "plain",
        "scrypt$3$8$1$AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 44,
        kept.replace("16384", "4194304"),
    ):
        assert not is_hash(text)


def test_people_are_kept_in_a_file_for_its_owner_alone(tmp_path):
    path = tmp_path / "people"
    for person in PEOPLE.values():
        add_person(path, person)
    assert read_people(path) == PEOPLE
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nobody is in it"),
        ("anna:operator:plain\n", ":1: is not NAME:ROLE:HASH"),
        (f"anna:king:{hashed(PASSWORD)}\n", ":1: role 'king'"),
        ("anna\n", ":1: is not"),
    ],
    ids=["empty", "no-hash", "no-such-role", "one-word"],  # a hash has salt, and no two are alike
)
def test_a_wrong_file_of_people_is_told_with_its_line(tmp_path, text, says):
    path = tmp_path / "people"
    path.write_text(text)
    with pytest.raises(ConfigError, match=says):
        read_people(path)


@pytest.mark.parametrize("text", ["", "short", "a token with spaces in"])
def test_a_token_is_long_and_one_word(tmp_path, text):
    path = tmp_path / "token"
    path.write_text(text)
    with pytest.raises(ConfigError, match="holds no token"):
        read_token(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_token(tmp_path / "absent")
