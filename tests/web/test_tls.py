from __future__ import annotations

import shutil
import ssl
import subprocess

import httpx
import pytest

from edgevision.errors import ConfigError
from edgevision.web.server import Server


@pytest.fixture
def certificate(tmp_path):
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    subject = ["-subj", "/CN=camera", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-out", str(cert), "-keyout", str(key)]
    subprocess.run([*command.split(), *subject, *files], check=True, capture_output=True)
    return cert, key


def test_it_speaks_tls_with_its_certificate(rigged, certificate):
    cert, key = certificate
    with rigged(certificate=cert, key=key) as rig:
        assert rig.server.address.startswith("https://")
        trusting = ssl.create_default_context(cafile=str(cert))
        assert httpx.get(f"{rig.server.address}healthz", verify=trusting).json() == {"alive": True}


def test_a_wrong_certificate_is_told_in_a_line(rig, certificate):
    cert, _ = certificate
    for pair in ((cert, cert), (cert.with_name("absent.pem"), cert)):
        server = Server(rig.site, "127.0.0.1", 0, people={}, certificate=pair[0], key=pair[1])
        with pytest.raises(ConfigError, match=r"web\.tls: certificate or key cannot be used"):
            server.__enter__()
