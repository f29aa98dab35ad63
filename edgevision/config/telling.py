"""Settings of the outputs on this device and of messages from it, but for the broker."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from edgevision.config.mqtt import Mqtt
from edgevision.config.types import (
    Branch,
    Clock,
    File,
    Name,
    Number,
    Share,
    Switch,
    Whole,
    branch,
    unlike,
)


class Console(Branch):
    """A line on the terminal for each event."""

    color: Literal["auto", "always", "never"] = Field(
        default="auto", description="colours; auto: when on a terminal"
    )


class Jsonl(Branch):
    """A line of JSON for each event."""

    path: File = Field(description='the file that is appended to; "-" for the standard output')


class Screen(Branch):
    """A window with the picture and what is seen."""

    where: Literal["auto", "hdmi", "window"] = Field(
        default="auto",
        description="the bare screen, else a window; auto: a window where there is a desktop",
    )
    fullscreen: Switch = Field(default=False, description="of a window: fill the whole screen")
    width: Annotated[Whole, Field(ge=160, le=7680)] = Field(
        default=1280, description="width in pixels"
    )
    height: Annotated[Whole, Field(ge=120, le=4320)] = Field(
        default=720, description="height in pixels"
    )


class Video(Branch):
    """A video file of the picture with what is seen painted on it."""

    path: File = Field(description="the file, .mp4; an earlier one is replaced")
    fps: Annotated[Number, Field(gt=0, le=240)] | None = Field(
        default=None, description="frames per second; empty: the source's own"
    )


class Snapshots(Branch):
    """A folder of pictures of what was seen."""

    folder: File = Field(description="the folder; it is made when it is not there")
    every_s: Annotated[Number, Field(ge=0, le=86400)] = Field(
        default=0.0, description="seconds from one picture to the next; 0: one for each event"
    )
    quality: Annotated[Whole, Field(ge=1, le=100)] = Field(default=85, description="JPEG quality")
    what: Literal["full", "crop", "both"] = Field(
        default="full", description="the whole frame, the part in which it was seen, or both"
    )
    overlay: Switch = Field(default=True, description="paint what was seen on the whole frame")


class Clips(Branch):
    """A folder of short films of what was seen."""

    folder: File = Field(description="the folder; it is made when it is not there")
    seconds_before: Annotated[Number, Field(ge=0, le=60)] = Field(
        default=5.0, description="seconds that it shows from before the event"
    )
    seconds_after: Annotated[Number, Field(ge=0, le=50)] = Field(
        default=5.0, description="seconds that it shows from after the event"
    )
    fps: Annotated[Number, Field(gt=0, le=60)] = Field(
        default=10.0, description="frames per second, at most"
    )
    width: Annotated[Whole, Field(ge=64, le=3840)] = Field(
        default=640, description="pixels of the picture's longer side, at most"
    )
    memory_mb: Annotated[Number, Field(ge=1, le=4096)] = Field(
        default=32.0, description="megabytes of each source's last seconds in memory, at most"
    )


class Webhook(Branch):
    """Each event as an HTTP POST, signed, and tried again until it is taken."""

    url: Annotated[str, Field(strict=True, max_length=2000, pattern=r"^https?://[^\s]+$")] = Field(
        description="address that takes events: http:// or https://"
    )
    secret_file: File | None = Field(
        default=None,
        description="file with what to sign with; empty: the variable EDGEVISION_WEBHOOK_SECRET",
    )
    timeout_s: Annotated[Number, Field(gt=0, le=60)] = Field(
        default=10.0, description="seconds to wait for an answer"
    )


class Notify(Branch):
    """A message to people for each sighting, by Apprise."""

    urls_file: File = Field(description="a configuration of Apprise: an address a line")
    labels: Annotated[tuple[Name, ...], Field(max_length=64), AfterValidator(unlike)] = Field(
        default=(), description="only these labels; empty: all"
    )
    min_score: Share = Field(default=0.0, description="only sightings with at least this score")
    quiet: tuple[Clock, Clock] | None = Field(
        default=None, description="from and to, in local time: nobody is told then"
    )
    picture: Switch = Field(default=False, description="send the sighting's picture with it")


class Outputs(Branch):
    """Where it is told; true turns one on, false (here: None) turns it off."""

    console: Console | None = branch("lines on the terminal")
    jsonl: Jsonl | None = Field(default=None, description="events as JSON lines")
    screen: Screen | None = Field(
        default=None, description="a screen or window; needs the extra `display`"
    )
    video: Video | None = Field(default=None, description="a video with the answers painted on it")
    snapshots: Snapshots | None = Field(default=None, description="pictures of what was seen")
    clips: Clips | None = Field(default=None, description="short films of what was seen")
    mqtt: Mqtt | None = Field(default=None, description="an MQTT broker; needs the extra `mqtt`")
    webhook: Webhook | None = Field(default=None, description="events to an HTTP address")
    notify: Notify | None = Field(
        default=None, description="messages to people; needs the extra `notify`"
    )
