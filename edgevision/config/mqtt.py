"""Settings of the MQTT broker."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from edgevision.config.types import (
    Branch,
    File,
    Name,
    Number,
    Switch,
    Text,
    Topic,
    Whole,
    branch,
    unlike,
)


class Tls(Branch):
    """Encryption; a file that is given turns it on as well."""

    enabled: Switch = Field(
        default=False, description="encrypt, and trust the system's certificate authorities"
    )
    ca: File | None = Field(default=None, description="trust these certificate authorities only")
    cert: File | None = Field(default=None, description="our own certificate, if one is asked for")
    key: File | None = Field(default=None, description="its private key")


class Discovery(Branch):
    """Makes the device known to Home Assistant."""

    enabled: Switch = Field(default=True, description="tell Home Assistant of this device")
    prefix: Topic = Field(default="homeassistant", description="topic that Home Assistant reads")


class Mqtt(Branch):
    """Sightings, state and health to an MQTT broker, and commands from there."""

    host: Text = Field(description="name or address of the broker")
    port: Annotated[Whole, Field(ge=1, le=65535)] = Field(default=1883, description="its port")
    root: Topic = Field(
        default="edgevision", description="what the topics of all devices begin with"
    )
    device: Name | None = Field(
        default=None, description="this device's name in topics; empty: the host's name"
    )
    client_id: Name | None = Field(
        default=None, description="name on the broker; empty: one that only this device has"
    )
    username: Text | None = Field(default=None, description="as whom; empty: without a name")
    password_file: File | None = Field(
        default=None,
        description="file with the password; empty: the variable EDGEVISION_MQTT_PASSWORD",
    )
    tls: Tls = branch("encryption")
    qos: Literal[1, 2] = Field(default=1, description="quality of service of events")
    version: Literal["5", "3.1.1"] = Field(default="5", description="version of the protocol")
    keepalive_s: Annotated[Whole, Field(ge=5, le=65535)] = Field(
        default=60, description="seconds after which a silent connection counts as lost"
    )
    health_s: Annotated[Number, Field(ge=1, le=86400)] = Field(
        default=30.0, description="seconds between two reports of health"
    )
    snapshot: Switch = Field(default=False, description="send the picture of each sighting, too")
    watch: Annotated[tuple[Name, ...], Field(max_length=64), AfterValidator(unlike)] = Field(
        default=(), description="labels for which Home Assistant gets a sensor of their own"
    )
    discovery: Discovery = branch("makes the device known to Home Assistant")
