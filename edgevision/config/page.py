"""Settings of the web page and its API."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from edgevision.config.types import Branch, File, Number, Switch, Text, Whole, branch


def _address(text: str) -> str:
    try:
        return str(ip_address("127.0.0.1" if text == "localhost" else text))
    except ValueError:
        raise PydanticCustomError(
            "address",
            "{given} is no address; expected one such as 127.0.0.1 or 0.0.0.0",
            {"given": repr(text[:40])},
        ) from None


class Certificate(Branch):
    """What makes the page's connections secret."""

    cert: File | None = Field(default=None, description="certificate with its chain, PEM")
    key: File | None = Field(default=None, description="its private key, PEM")


class Web(Branch):
    """The web page and its API; needs the extra `web`."""

    enabled: Switch = Field(default=False, description="serve the page")
    host: Annotated[str, Field(strict=True), AfterValidator(_address)] = Field(
        default="127.0.0.1",
        description="address to listen at; any but this machine's own needs a login",
    )
    port: Annotated[Whole, Field(ge=0, le=65535)] = Field(
        default=8080, description="port to listen at; 0 for any that is free"
    )
    users_file: File | None = Field(
        default=None, description="people who may log in; `edgevision web password` writes it"
    )
    token_file: File | None = Field(
        default=None, description="file with the token that programs bring along"
    )
    tls: Certificate = branch("what makes its connections secret")
    names: Annotated[tuple[Text, ...], Field(max_length=32)] = Field(
        default=(), description="further names by which browsers call this device"
    )
    max_clients: Annotated[Whole, Field(ge=1, le=100)] = Field(
        default=20, description="who may watch a source at a time"
    )
    fps: Annotated[Number, Field(gt=0, le=60)] = Field(
        default=25.0, description="pictures per second, at most"
    )

    @model_validator(mode="after")
    def _guarded(self) -> Web:
        if self.enabled and (self.tls.cert is None) != (self.tls.key is None):
            raise PydanticCustomError(
                "tls", "cert and key go together; expected both or neither", {"at": "tls"}
            )
        logins = self.users_file is not None or self.token_file is not None
        if self.enabled and not logins and not ip_address(self.host).is_loopback:
            raise PydanticCustomError(
                "login",
                "{host} can be reached by others, and nobody has to log in; expected users_file"
                " or token_file (`edgevision web password`), or host 127.0.0.1",
                {"at": "host", "host": self.host},
            )
        return self
