"""What outputs need that send events to somebody who may be away: an outbox, and who we are."""

from __future__ import annotations

import hashlib
import re
import socket
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edgevision import tasks
from edgevision.errors import ConfigError, EdgevisionError
from edgevision.store.outbox import Outbox
from edgevision.store.reader import EventReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgevision.config.mqtt import Mqtt
    from edgevision.config.schema import Settings

SINKS: Final = ("mqtt", "webhook", "notify")
"""Outputs whose events come from an outbox, and stay there until they have arrived."""
PASSWORD: Final = "EDGEVISION_MQTT_PASSWORD"  # noqa: S105 - the variable's name
SECRET: Final = "EDGEVISION_WEBHOOK_SECRET"  # noqa: S105 - the variable's name
_PICTURES: Final = ("full", "crop")
_MACHINE_IDS: Final = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


def sinks(settings: Settings) -> list[str]:
    """The names of those that the settings turn on.

    Raises:
        ConfigError: if there are some, and no database in which their events could wait.
    """
    found = [name for name in SINKS if getattr(settings.outputs, name) is not None]
    if found and not settings.store.enabled:
        raise ConfigError(
            f"outputs.{found[0]}: its events wait in the store until they have arrived; "
            "set store.enabled: true"
        )
    return found


def choices(settings: Settings) -> list[str]:
    """The tasks that may be switched to: those of the settings, then those of the package."""
    return list(dict.fromkeys((*settings.task, *tasks.KINDS)))


def extras(name: str, settings: Settings, environ: Mapping[str, str]) -> dict[str, Any]:
    """What output `name` is handed besides its own settings."""
    if name not in SINKS:
        return {}
    given: dict[str, Any] = {"outbox": Outbox(settings.store.file(environ), name)}
    if name == "webhook" and settings.outputs.webhook is not None:
        _check_file("webhook.secret_file", settings.outputs.webhook.secret_file)
        if settings.outputs.webhook.secret_file is None:
            given["secret"] = environ.get(SECRET)
    if name == "notify" and settings.outputs.notify is not None:
        _check_file("notify.urls_file", settings.outputs.notify.urls_file)
        given["picture_of"] = partial(_picture_of, settings.store.file(environ))
    options = settings.outputs.mqtt
    if name == "mqtt" and options is not None:
        _check_files(options)
        given.update(identity(options.device, options.client_id))
        if options.password_file is None:
            given["password"] = environ.get(PASSWORD)
        given["blur"] = settings.privacy.blur
        if settings.privacy.store_images == "never":
            given["snapshot"] = False
    return given


def _check_files(options: Mqtt) -> None:
    """A secret or certificate that is not there is a wrong setting, and not a broker that is away.

    Raises:
        ConfigError: if one cannot be read.
    """
    tls = options.tls
    files = {
        "password_file": options.password_file,
        "tls.ca": tls.ca,
        "tls.cert": tls.cert,
        "tls.key": tls.key,
    }
    for key, path in files.items():
        _check_file(f"mqtt.{key}", path)


def _check_file(key: str, path: Path | None) -> None:
    if path is None:
        return
    try:
        path.open("rb").close()
    except OSError as error:
        raise ConfigError(f"outputs.{key}: {path}: {error.strerror}") from error


def _picture_of(store: Path, event: str) -> Path | None:
    """The file of a sighting's picture, if snapshots keep one and it is still there."""
    try:
        with EventReader(store) as reader:
            paths = [Path(path) for path, kind in reader.files(event) if kind in _PICTURES]
    except EdgevisionError:
        return None
    return next((path for path in paths if path.is_file()), None)


def identity(device: str | None, client_id: str | None) -> dict[str, str]:
    """The device's name, and a client's id that no other device has and that stays the same."""
    name = device or re.sub(r"[^A-Za-z0-9_.-]+", "-", socket.gethostname()).strip("-.") or "camera"
    return {"device": name, "client_id": client_id or f"edgevision-{_machine(name)}"}


def _machine(name: str) -> str:
    """A digest: the machine's own id is not to be told to others (machine-id(5))."""
    for path in _MACHINE_IDS:
        try:
            known = path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
        if known:
            break
    else:
        known = ""
    return hashlib.sha256(f"edgevision {known} {name}".encode()).hexdigest()[:16]
