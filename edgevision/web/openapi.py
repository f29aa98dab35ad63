"""The API as OpenAPI 3.1; a test asks the running server whether it is true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgevision import __version__
from edgevision.web.requests import MOST_EVENTS

if TYPE_CHECKING:
    from edgevision.values.command import Action

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_SHARE: Final[Schema] = {"type": "number", "minimum": 0, "maximum": 1}
_PRINTABLE: Final[Schema] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 100,
    "pattern": "^[ -~]+$",
}


def _object(required: Schema, **rest: Schema) -> Schema:
    return {"type": "object", "properties": {**required, **rest}, "required": list(required)}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _or_null(of: Schema) -> Schema:
    return {"anyOf": [of, {"type": "null"}]}


def _json(says: str, schema: Schema) -> Schema:
    return {"description": says, "content": {"application/json": {"schema": schema}}}


_ERROR: Final = _object({"error": _TEXT})
_ANSWER: Final = _object({"accepted": {"type": "boolean"}, "reason": _TEXT})
_ME: Final = _object({"name": _TEXT, "role": {"enum": ["viewer", "operator"]}})
_COUNTED: Final = _list(_object({"task": _TEXT, "cause": _TEXT, "count": _COUNT}))
_DECISION: Final = _object(
    {
        "task": _TEXT,
        "verdict": {"enum": ["nothing", "unsure", "seen"]},
        "label": _or_null(_TEXT),
        "score": _SHARE,
        "reason": _TEXT,
        "cause": _TEXT,
        "group": _or_null(_TEXT),
        "presence": _or_null(_SHARE),
        "place": _or_null({"type": "object"}),
        "guesses": _list(_object({"label": _TEXT, "name": _TEXT, "score": _SHARE})),
    }
)
_REPORT: Final = _object(
    {
        "frame": _COUNT,
        "seconds": {"type": "number"},
        "width": _COUNT,
        "height": _COUNT,
        "inferred": {"type": "boolean"},
        "tasks": _list(_DECISION),
    }
)
_STATE: Final = _object(
    {
        "sources": _list(_object({"name": _TEXT, "viewers": _COUNT, "report": _or_null(_REPORT)})),
        "last_minute": _COUNTED,
    }
)
_EVENT: Final = _object(
    {"id": _TEXT, "phase": {"enum": ["seen", "ended"]}, "kept": {"type": "object"}}
)
_LABELS: Final = {"type": "object", "additionalProperties": _list(_TEXT)}
_HOURS: Final = _list(_object({"hour": _TEXT, "label": _TEXT, "count": _COUNT}))
_NULL: Final[Schema] = {"type": "null"}
_WORD: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"}
_ULID: Final[Schema] = {"type": "string", "pattern": "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"}
_BOOL: Final[Schema] = {"type": "boolean"}
_SEVERAL: Final[Schema] = {**_list(_WORD), "minItems": 1, "maxItems": 16, "uniqueItems": True}
_WHAT: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z][A-Za-z _-]{0,62}$"}


def _command(action: Action, needs: Schema, **takes: Schema) -> Schema:
    """What `Command.from_dict` takes for an action; null stands for what is left out."""
    every = dict.fromkeys(("value", "task", "source", "event"), _NULL)
    properties = {"action": {"const": action}, **every, **takes, **needs}
    return {
        "type": "object",
        "properties": properties,
        "required": ["action", *needs],
        "additionalProperties": False,
    }


_COMMAND: Final[Schema] = {
    "anyOf": [
        _command("task", {}, value={"anyOf": [_SEVERAL, _WORD, _NULL]}),
        _command("threshold", {"value": _SHARE}, task=_or_null(_WORD)),
        _command("enabled", {"value": _BOOL}),
        _command("freeze", {}, value=_or_null(_BOOL)),
        _command("snapshot", {}, source=_or_null(_WORD)),
        _command("relabel", {"value": _WHAT, "event": _ULID}),
        _command("pin", {"value": _BOOL, "event": _ULID}),
    ]
}
_LOGIN: Final[Schema] = {
    **_object({"password": _TEXT}, name=_TEXT),
    "additionalProperties": False,
}
_ALL: Final = {
    "400": _json("malformed: the reason", _ERROR),
    "401": _json("not logged in", _ERROR),
    "421": _json("the Host header is not one of ours", _ERROR),
    "503": _json("not now", _ERROR),
}
_CHANGE: Final = {
    "403": _json("not an operator, or another page asks", _ERROR),
    "413": _json("too large", _ERROR),
    "415": _json("no JSON", _ERROR),
}


def _query(name: str, schema: Schema, says: str) -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": says}


_MOMENT: Final[Schema] = {
    "type": "string",
    "pattern": "^([1-9][0-9]{0,3}[smhdw]|20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8]))$",
    "examples": ["2h", "2026-05-01"],
}
_QUERIES: Final = [
    _query("since", _MOMENT, "from then on: 2h, 2026-05-01 or 2026-05-01T12:30"),
    _query("until", _MOMENT, "before then"),
    _query("task", _PRINTABLE, "of this task"),
    _query("label", _PRINTABLE, "seen as this, or corrected to it"),
    _query("source", _PRINTABLE, "of this source"),
    _query("min_score", _SHARE, "with at least this score"),
    _query("phase", {"enum": ["seen", "ended"]}, "beginnings, or ends"),
    _query("limit", {"type": "integer", "minimum": 1, "maximum": MOST_EVENTS}, "at most so many"),
]


def _path(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema}


_ID: Final = _path("id", _ULID)
_NUMBER: Final = _path("number", {"type": "integer", "minimum": 0, "maximum": 99})
_NAME: Final = _path("name", _WORD)
_NONE: Final = {"404": _json("there is none", _ERROR)}


def _get(says: str, schema: Schema, *parameters: Schema, more: Schema | None = None) -> Schema:
    answers = {"200": _json(says, schema), **_ALL, **(more or {})}
    return {"get": {"summary": says, "parameters": list(parameters), "responses": answers}}


def _post(says: str, given: Schema | None, responses: Schema) -> Schema:
    body = {"requestBody": {"required": True, "content": {"application/json": {"schema": given}}}}
    mark = {
        "name": "X-Edgevision",
        "in": "header",
        "required": False,
        "schema": {"const": "1"},
        "description": "without a token it has to be there: other pages cannot send it",
    }
    return {
        "post": {
            "summary": says,
            "parameters": [mark],
            "responses": {**_ALL, **_CHANGE, **responses},
            **(body if given is not None else {}),
        }
    }


def _media(says: str, *kinds: str) -> Schema:
    answer = {
        "description": says,
        "content": {kind: {"schema": {"type": "string"}} for kind in kinds},
    }
    return {"200": answer}


def document() -> Schema:
    """The whole of it."""
    files = _get("a picture or clip", {}, _ID, _NUMBER, more=_NONE)
    files["get"]["responses"].update(_media("the file", "image/jpeg", "video/mp4"))
    picture = _get("the newest picture", {}, _NAME, more=_NONE)
    picture["get"]["responses"].update(_media("a JPEG", "image/jpeg"))
    moving = _get("the picture, moving", {}, _NAME, more=_NONE)
    moving["get"]["responses"].update(_media("JPEGs", "multipart/x-mixed-replace"))
    live = _get("what happens, as it happens", {})
    live["get"]["responses"].update(_media("server-sent events", "text/event-stream"))
    days = _query("days", {"type": "number", "minimum": 1, "maximum": 92}, "back from now")
    accepted = {
        "200": _json("done", _ANSWER),
        "400": _json("malformed: the reason", {"anyOf": [_ANSWER, _ERROR]}),
        "409": _json("refused: the reason", _ANSWER),
    }
    logged_in = {
        "200": _json("the session is in a cookie", _ME),
        "429": _json("too many wrong passwords", _ERROR),
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "edgevision", "version": __version__},
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "edgevision_session"},
            }
        },
        "paths": {
            "/api/v1/me": _get("who asks", {**_ME}),
            "/api/v1/state": _get("what it sees now, and why it tells nothing", _STATE),
            "/api/v1/health": _get("every number", _object({"state": _TEXT})),
            "/api/v1/tasks": _get(
                "tasks",
                _object(
                    {
                        "running": _list(_TEXT),
                        "tasks": _list(_object({"name": _TEXT, "says": _TEXT})),
                    }
                ),
            ),
            "/api/v1/settings": _get(
                "what may change while it runs",
                _object({"now": {"type": "object"}, "commands": _list(_TEXT)}),
            ),
            "/api/v1/events": _get("events", _object({"events": _list(_EVENT)}), *_QUERIES),
            "/api/v1/events/{id}": _get(
                "a sighting", _object({"phases": _list(_EVENT)}), _ID, more=_NONE
            ),
            "/api/v1/events/{id}/files/{number}": files,
            "/api/v1/labels": _get("labels", _object({"seen": _LABELS, "known": _LABELS})),
            "/api/v1/statistics": _get("sightings by hour", _object({"hours": _HOURS}), days),
            "/api/v1/sources/{name}/picture": picture,
            "/api/v1/sources/{name}/stream": moving,
            "/api/v1/live": live,
            "/api/v1/commands": _post("ask for a change", _COMMAND, accepted),
            "/api/v1/login": _post("begin a session", _LOGIN, logged_in),
            "/api/v1/logout": _post("end the session", None, {"200": _json("done", {})}),
            "/api/v1/openapi.json": _get("this document", {"type": "object"}),
        },
    }
