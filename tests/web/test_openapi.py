"""The document is true of the running server: schemathesis asks it, also nonsense."""

from __future__ import annotations

import subprocess
import sys

from edgevision.web.openapi import document
from edgevision.web.routes import WAYS

# Streams do not end, and a session that is over is no use for the rest.
ENDLESS = "/(stream|live|logout)$"


def test_every_route_of_the_api_is_in_the_document():
    described = {
        (method.upper(), path) for path, ways in document()["paths"].items() for method in ways
    }
    listed = {(way.method, way.path.replace(":int", "")) for way in WAYS if "/api/" in way.path}
    assert described == listed


def test_the_server_does_as_the_document_says(rig, make_event, tmp_path):
    rig.show()
    rig.keep(make_event(1))
    command = ["-m", "schemathesis.cli", "run", f"{rig.server.address}api/v1/openapi.json"]
    command += ["--header", "X-Edgevision: 1", "--exclude-path-regex", ENDLESS]
    command += ["--max-examples", "8", "--seed", "7", "--phases", "examples,coverage,fuzzing"]
    command += ["--generation-database", "none", "--no-color"]
    command += ["--exclude-checks", "unsupported_method,ignored_auth,missing_required_header"]
    done = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
