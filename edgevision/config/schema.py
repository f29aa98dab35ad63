"""The whole tree of settings: every key with its default, range, unit and one line of words.

`config default`, `config schema`, docs/configuration.md and the messages about wrong values are
all made from, or held against, the classes here. Short forms (`source: URI`, `region: auto`,
`model: ID`, `jsonl: true`) are widened into mappings by `widen` before anything is checked.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION: Literal[1] = 1
"""The version of the tree; a change that makes older files wrong adds one and a step in migrate."""

LATER: dict[str, frozenset[str]] = {
    "": frozenset({"mqtt", "device"}),
    "outputs": frozenset({"homeassistant"}),
    "engine.device": frozenset({"gpu", "npu"}),
}
"""Words that are planned, by the key under which they stand; they are told from misspelt ones."""


def _path(path: Path) -> Path:
    if any(ord(letter) < ord(" ") for letter in str(path)):
        raise PydanticCustomError("path", "a path holds no control characters")
    try:
        return path.expanduser()
    except RuntimeError:
        raise PydanticCustomError("path", "there is no such user's home folder") from None


def _address(text: str) -> str:
    try:
        return str(ip_address("127.0.0.1" if text == "localhost" else text))
    except ValueError:
        raise PydanticCustomError(
            "address",
            "{given} is no address; expected one such as 127.0.0.1 or 0.0.0.0",
            {"given": repr(text[:40])},
        ) from None


def _unlike(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        raise PydanticCustomError("twice", "a value stands twice in the list")
    return values


_TOPIC = r"^[^\x00-\x20+#$/][^\x00-\x20+#]*$"
Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Share = Annotated[Number, Field(ge=0, le=1)]
Switch = Annotated[bool, Field(strict=True)]
Text = Annotated[str, Field(strict=True, min_length=1, max_length=2000, pattern=r"^[^\x00-\x1f]+$")]
Name = Annotated[
    str, Field(strict=True, min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
]
Clock = Annotated[str, Field(strict=True, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Topic = Annotated[str, Field(strict=True, min_length=1, max_length=200, pattern=_TOPIC)]
Resolution = Annotated[Whole, Field(ge=32, le=1024, multiple_of=32)]
File = Annotated[Path, AfterValidator(_path)]


def _branch(says: str) -> Any:
    """A branch that is there with its own defaults when nothing is given."""
    return Field(default={}, validate_default=True, description=says)


class Branch(BaseModel):
    """A mapping of the tree: no unknown keys, and nobody changes it after loading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, protected_namespaces=(), defer_build=True
    )


class Source(Branch):
    """Where frames come from."""

    uri: Text = Field(
        default="auto", description="address of the camera or file, see docs/sources.md"
    )
    name: Name = Field(default="camera", description="name in events and topics")
    stall_s: Annotated[Number, Field(ge=0.5, le=600)] = Field(
        default=5.0, description="seconds without a frame after which a live source is opened again"
    )
    loop: Switch = Field(default=False, description="start a file again at its end")
    wait: Switch | None = Field(
        default=None,
        description="wait for a camera absent at first; empty: as a service, or among several",
    )


class Region(Branch):
    """Where on the frame to look, and how often when nothing moves."""

    kind: Literal["auto", "full", "centre", "zone", "motion", "zoom"] = Field(
        default="auto",
        description="full frame, its middle, a zone, what moves, a closer look, or what fits",
    )
    zone: tuple[Share, Share, Share, Share] | None = Field(
        default=None, description="x, y, width and height in 0..1 of the frame; kind zone needs it"
    )
    idle_fps: Annotated[Number, Field(ge=0, le=60)] = Field(
        default=1.0,
        description="frames per second that are looked at while nothing moves; 0 for none",
    )
    max_passes: Annotated[Whole, Field(ge=1, le=8)] = Field(
        default=2, description="most inferences for one frame"
    )
    padding: Share = Field(
        default=0.15, description="margin around what moves, as a share of its longer side"
    )
    mirror: Switch | None = Field(
        default=None,
        description="look at the mirror image, too, and take the mean; empty: at photos only",
    )

    @model_validator(mode="after")
    def _zone_fits(self) -> Region:
        if self.zone is None:
            if self.kind == "zone":
                raise PydanticCustomError(
                    "zone", "kind zone needs a zone: [x, y, width, height] in 0..1", {"at": "zone"}
                )
            return self
        x, y, width, height = self.zone
        slack = 1e-6
        if not (width > 0 and height > 0 and x + width <= 1 + slack and y + height <= 1 + slack):
            raise PydanticCustomError(
                "zone",
                "the zone leaves the frame or is empty; expected x, y, width and height with"
                " x + width and y + height at most 1",
                {"at": "zone"},
            )
        return self


class Engine(Branch):
    """What runs the network."""

    runtime: Literal["auto", "litert", "tflite_runtime"] = Field(
        default="auto",
        description="the installed TFLite runtime to use; auto takes LiteRT if it is there",
    )
    device: Literal["auto", "cpu", "edgetpu", "usb", "pci", ":0", ":1", ":2", ":3"] = Field(
        default="auto",
        description="CPU or Edge TPU (all, a bus's, or one); auto leaves it to the file",
    )
    threads: Annotated[Whole, Field(ge=1, le=64)] = Field(
        default=1, description="threads of one inference; the other cores decode and draw"
    )
    xnnpack: Switch = Field(default=True, description="use XNNPACK's faster kernels")
    invoke_timeout_s: Annotated[Number, Field(ge=0.05, le=60)] = Field(
        default=2.0, description="seconds that an inference on an Edge TPU may take"
    )
    max_failures: Annotated[Whole, Field(ge=1, le=1000)] = Field(
        default=3, description="failures in a row after which frames stay on the CPU for a while"
    )
    retry_s: Annotated[Number, Field(ge=0.1, le=86400)] = Field(
        default=60.0,
        description="seconds after which an Edge TPU is tried again then; up to ten times as long",
    )
    child_python: File | None = Field(
        default=None,
        description="Python that runs the Edge TPU's process; empty: that of edgevision",
    )


class Model(Branch):
    """The network, its labels and its heads."""

    use: Text = Field(
        default="default", description="name of a model in the package, or a .tflite file"
    )
    labels: File | None = Field(default=None, description="label file for a model that brings none")
    heads: dict[Name, File] = Field(
        default={}, description="head file (.npz) by task, in place of the one in the package"
    )
    mean: Annotated[Number, Field(ge=0, le=255)] | None = Field(
        default=None,
        description="of the bytes in training; empty: 127.5 for float inputs, else as quantised",
    )
    deviation: Annotated[Number, Field(gt=0, le=255)] | None = Field(
        default=None, description="by which bytes less mean were divided; empty: as for mean"
    )

    resolution: Resolution | None = Field(
        default=None, description="side of the network's input in pixels; empty: the file's own"
    )
    budget_ms: Annotated[Number, Field(gt=0, le=60_000)] | None = Field(
        default=None,
        description="milliseconds that an inference may take: the most accurate network is chosen",
    )

    @model_validator(mode="after")
    def _one_choice(self) -> Model:
        if self.budget_ms is not None and (self.use != "default" or self.resolution is not None):
            raise PydanticCustomError(
                "budget",
                "budget_ms chooses network and resolution itself; expected it or those",
                {"at": "budget_ms"},
            )
        return self


class Models(Branch):
    """Networks that do not come with the package."""

    auto_pull: Switch = Field(
        default=False, description="fetch a network of the registry when it is first used"
    )
    folder: File | None = Field(
        default=None,
        description="where they are kept; empty: edgevision/models in the user's data folder",
    )

    def place(self, environ: Mapping[str, str]) -> Path:
        """The folder: `folder`, else in $XDG_DATA_HOME or ~/.local/share."""
        if self.folder is not None:
            return self.folder
        return folder(environ, "XDG_DATA_HOME", ".local/share") / "edgevision" / "models"


class Governor(Branch):
    """Keeps a rate or a latency by changing resolution and threads while it runs."""

    target_fps: Annotated[Number, Field(gt=0, le=240)] | None = Field(
        default=None, description="frames per second to keep up with; empty: none"
    )
    max_latency_ms: Annotated[Number, Field(gt=0, le=60_000)] | None = Field(
        default=None, description="milliseconds from frame to answer to stay under; empty: none"
    )
    resolutions: Annotated[
        tuple[Resolution, ...], Field(min_length=1, max_length=16), AfterValidator(_unlike)
    ] = Field(default=(224, 192, 160, 128), description="sides in pixels that it may choose from")
    max_threads: Annotated[Whole, Field(ge=1, le=64)] | None = Field(
        default=None, description="most threads of an inference; empty: engine.threads"
    )
    max_temperature_c: Annotated[Number, Field(ge=30, le=120)] | None = Field(
        default=None,
        description="degrees Celsius to stay under; empty: 75 on a Pi, 90 on an Orin, else none",
    )


class Rule(Branch):
    """When scores become a sighting; an empty value leaves it to the next wider setting."""

    threshold: Share | None = Field(
        default=None, description="score from which something is seen; empty: the task's own"
    )
    release: Share | None = Field(
        default=None,
        description="score under which it is gone, at most threshold; empty: the task's own",
    )
    window_s: Annotated[Number, Field(ge=0, le=60)] | None = Field(
        default=None, description="seconds over which scores are smoothed; empty: the task's own"
    )
    min_hits: Annotated[Whole, Field(ge=1, le=1000)] | None = Field(
        default=None, description="frames in the window that have to agree"
    )
    hold_s: Annotated[Number, Field(ge=0, le=3600)] | None = Field(
        default=None, description="seconds without a hit after which a sighting ends"
    )
    cooldown_s: Annotated[Number, Field(ge=0, le=86400)] | None = Field(
        default=None, description="seconds after a sighting in which its label starts no other"
    )
    presence: Share | None = Field(
        default=None,
        description="summed score of the task's classes under which there is none of them",
    )
    top: Annotated[Whole, Field(ge=1, le=100)] | None = Field(
        default=None, description="best guesses that an event lists"
    )

    @model_validator(mode="after")
    def _release_fits(self) -> Rule:
        _release_under(self.release, self.threshold, "release")
        return self


class Decide(Rule):
    """When scores become a sighting: a rule for every task, with defaults, and exceptions."""

    mode: Literal["sightings", "frames"] = Field(
        default="sightings", description="one event for a sighting, or one for every frame"
    )
    min_hits: Annotated[Whole, Field(ge=1, le=1000)] = Field(
        default=3, description="frames in the window that have to agree"
    )
    hold_s: Annotated[Number, Field(ge=0, le=3600)] = Field(
        default=2.0, description="seconds without a hit after which a sighting ends"
    )
    cooldown_s: Annotated[Number, Field(ge=0, le=86400)] = Field(
        default=5.0, description="seconds after a sighting in which its label starts no other"
    )
    presence: Share = Field(
        default=0.5,
        description="summed score of the task's classes under which there is none of them",
    )
    top: Annotated[Whole, Field(ge=1, le=100)] = Field(
        default=5, description="best guesses that an event lists"
    )
    tasks: dict[Name, Rule] = Field(
        default={}, description="the same keys (without mode and tasks) for one task, by its name"
    )

    @model_validator(mode="after")
    def _release_fits(self) -> Decide:
        _release_under(self.release, self.threshold, "release")
        for name, rule in self.tasks.items():
            threshold = self.threshold if rule.threshold is None else rule.threshold
            release = self.release if rule.release is None else rule.release
            _release_under(release, threshold, f"tasks.{name}")
        return self

    def of(self, task: str) -> Decide:
        """What holds for `task`: its own rule over the general one, with `tasks` empty."""
        rule = self.tasks.get(task)
        own = {} if rule is None else {key: one for key, one in rule if one is not None}
        return self.model_copy(update={**own, "tasks": {}})


def _release_under(release: float | None, threshold: float | None, at: str) -> None:
    if release is not None and threshold is not None and release > threshold:
        raise PydanticCustomError(
            "release",
            "release {release} is over threshold {threshold}; expected at most that",
            {"release": release, "threshold": threshold, "at": at},
        )


class Geo(Branch):
    """How the task `landmarks` finds places."""

    mode: Literal["head", "planet", "gallery", "fused"] = Field(
        default="head",
        description="by known landmarks, a PlaNet head, a gallery of your photos, or all there is",
    )
    gallery: File | None = Field(
        default=None, description="folder that `edgevision geo index` made"
    )
    planet: File | None = Field(default=None, description="head that `edgevision geo planet` made")
    finest_km: Annotated[Number, Field(ge=0.1, le=20_000)] = Field(
        default=25.0, description="kilometres: no place is told finer than that"
    )

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Geo:
        needs = {"planet": self.planet, "gallery": self.gallery}
        if self.mode in needs and needs[self.mode] is None:
            key = f"geo.{self.mode}"
            raise PydanticCustomError(
                "geo", "mode {mode} needs {key}", {"mode": self.mode, "key": key, "at": "mode"}
            )
        if self.mode == "fused" and self.planet is None and self.gallery is None:
            raise PydanticCustomError(
                "geo", "mode fused needs geo.gallery, geo.planet or both", {"at": "mode"}
            )
        return self


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
    tls: Tls = _branch("encryption")
    qos: Literal[1, 2] = Field(default=1, description="quality of service of events")
    version: Literal["5", "3.1.1"] = Field(default="5", description="version of the protocol")
    keepalive_s: Annotated[Whole, Field(ge=5, le=65535)] = Field(
        default=60, description="seconds after which a silent connection counts as lost"
    )
    health_s: Annotated[Number, Field(ge=1, le=86400)] = Field(
        default=30.0, description="seconds between two reports of health"
    )
    snapshot: Switch = Field(default=False, description="send the picture of each sighting, too")
    watch: Annotated[tuple[Name, ...], Field(max_length=64), AfterValidator(_unlike)] = Field(
        default=(), description="labels for which Home Assistant gets a sensor of their own"
    )
    discovery: Discovery = _branch("makes the device known to Home Assistant")


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
    labels: Annotated[tuple[Name, ...], Field(max_length=64), AfterValidator(_unlike)] = Field(
        default=(), description="only these labels; empty: all"
    )
    min_score: Share = Field(default=0.0, description="only sightings with at least this score")
    quiet: tuple[Clock, Clock] | None = Field(
        default=None, description="from and to, in local time: nobody is told then"
    )
    picture: Switch = Field(default=False, description="send the sighting's picture with it")


class Outputs(Branch):
    """Where it is told; true turns one on, false (here: None) turns it off."""

    console: Console | None = _branch("lines on the terminal")
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


class Retention(Branch):
    """How long events and pictures stay; what is pinned or corrected stays for good."""

    max_age_days: Annotated[Number, Field(gt=0, le=100_000)] | None = Field(
        default=None, description="days that events are kept, with their pictures; empty: for good"
    )
    pictures_max_age_days: Annotated[Number, Field(gt=0, le=100_000)] | None = Field(
        default=None, description="days that pictures and clips are kept; empty: as their events"
    )
    max_mb: Annotated[Number, Field(ge=1, le=10_000_000)] | None = Field(
        default=2000.0,
        description="megabytes of pictures and database together; the oldest go first",
    )
    min_free_mb: Annotated[Number, Field(ge=0, le=10_000_000)] | None = Field(
        default=200.0,
        description="megabytes that stay free on the pictures' disk; the oldest pictures go first",
    )


class Store(Branch):
    """The database of events."""

    enabled: Switch = Field(default=True, description="keep events in a database")
    path: File | None = Field(
        default=None,
        description="its file; empty: edgevision/events.sqlite in the user's state folder",
    )
    retention: Retention = _branch("how long events and pictures stay")

    def file(self, environ: Mapping[str, str]) -> Path:
        """Where the database lies: `path`, else in $XDG_STATE_HOME or ~/.local/state."""
        if self.path is not None:
            return self.path
        return folder(environ, "XDG_STATE_HOME", ".local/state") / "edgevision" / "events.sqlite"


class Mask(Branch):
    """A part of the picture that nobody sees."""

    points: Annotated[tuple[tuple[Share, Share], ...], Field(min_length=3, max_length=100)] = Field(
        description="corners of a polygon, each x and y in 0..1 of the frame"
    )
    source: Name | None = Field(default=None, description="name of its source; empty: of all")


class Privacy(Branch):
    """What may be stored of what the camera sees."""

    store_images: Literal["never", "event", "always"] = Field(
        default="always",
        description="no picture, pictures of sightings only, or whatever outputs are set to store",
    )
    blur: Switch = Field(
        default=False,
        description="in stored pictures, blur all but the part in which something was seen",
    )
    masks: Annotated[tuple[Mask, ...], Field(max_length=100)] = Field(
        default=(), description="parts of the picture that are black before anything sees them"
    )


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
    tls: Certificate = _branch("what makes its connections secret")
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


class Log(Branch):
    """What the program tells about itself, on the standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="the least severe message that is written"
    )
    format: Literal["text", "json"] = Field(
        default="text", description="lines for people or for machines"
    )


class Settings(Branch):
    """All settings of edgevision."""

    version: Literal[1] = Field(default=VERSION, description="version of this file's form")
    task: Annotated[
        tuple[Name, ...], Field(min_length=1, max_length=16), AfterValidator(_unlike)
    ] = Field(default=("dogs",), description="what to recognise: a task, or a list of several")
    source: Source = _branch("where frames come from: an address or a mapping")
    sources: Annotated[tuple[Source, ...], Field(max_length=16)] = Field(
        default=(), description="several at once, each with a name of its own"
    )
    region: Region = _branch("where to look: a kind or a mapping")
    engine: Engine = _branch("what runs the network")
    model: Model = _branch("the network: a name, a file or a mapping")
    models: Models = _branch("networks that do not come with the package")
    governor: Governor = _branch("what may change to keep a rate or a latency")
    decide: Decide = _branch("when scores become a sighting")
    geo: Geo = _branch("how the task landmarks finds places")
    outputs: Outputs = _branch("where it is told")
    store: Store = _branch("the database of events")
    privacy: Privacy = _branch("what may be stored of what the camera sees")
    web: Web = _branch("the web page and its API")
    log: Log = _branch("what the program tells about itself")

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, given: Any) -> Any:
        return widen(given) if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _one_of_both(self) -> Settings:
        if self.sources and "source" in self.model_fields_set:
            raise PydanticCustomError(
                "sources", "source and sources are both given; expected one", {"at": "sources"}
            )
        names = [one.name for one in self.sources]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise PydanticCustomError(
                    "sources",
                    "two sources are called {name}; expected a name of its own for each",
                    {"name": name, "at": f"sources.{index}.name"},
                )
        for index, mask in enumerate(self.privacy.masks):
            if mask.source not in (None, *(one.name for one in self.every_source)):
                raise PydanticCustomError(
                    "masks",
                    "no source is called {name}; expected one of {known}",
                    {
                        "name": mask.source,
                        "known": ", ".join(one.name for one in self.every_source),
                        "at": f"privacy.masks.{index}.source",
                    },
                )
        return self

    @property
    def the_source(self) -> Source:
        """The one source, or the first, whether it was written as `source` or in `sources`."""
        return self.every_source[0]

    @property
    def every_source(self) -> tuple[Source, ...]:
        """All sources, whether written as `source` or in `sources`."""
        return self.sources or (self.source,)


def widen(tree: Mapping[str, Any]) -> dict[str, Any]:
    """`tree` with its short forms written out; what is of no known form is left as it is."""
    wide = dict(tree)
    for key, form in (("task", _task), ("source", _source), ("region", _region), ("model", _model)):
        if isinstance(wide.get(key), str):
            wide[key] = form(wide[key])
    if isinstance(wide.get("sources"), (list, tuple)):
        wide["sources"] = [_source(one) if isinstance(one, str) else one for one in wide["sources"]]
    if isinstance(wide.get("outputs"), dict):
        wide["outputs"] = {
            name: ({} if one else None) if isinstance(one, bool) else one
            for name, one in wide["outputs"].items()
        }
    privacy = wide.get("privacy")
    if isinstance(privacy, dict) and isinstance(privacy.get("masks"), (list, tuple)):
        masks = [{"points": one} if isinstance(one, list) else one for one in privacy["masks"]]
        wide["privacy"] = {**privacy, "masks": masks}
    return wide


def _task(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _source(text: str) -> dict[str, Any]:
    return {"uri": text}


def _region(text: str) -> dict[str, Any]:
    kind, colon, numbers = text.partition(":")
    if not colon:
        return {"kind": text}
    parts = [part.strip() for part in numbers.split(",")]
    floats = [float(part) if re.fullmatch(r"\d*\.?\d+", part) else part for part in parts]
    return {"kind": kind, "zone": floats}


def _model(text: str) -> dict[str, Any]:
    return {"use": text}


def folder(environ: Mapping[str, str], variable: str, default: str) -> Path:
    """A folder of the XDG base directory specification: `variable`, else `default` in the home.

    The specification says that a relative path in such a variable is to be ignored.
    """
    named = environ.get(variable, "")
    if named.startswith("/"):
        return Path(named)
    home = environ.get("HOME", "")
    return (Path(home) if home else Path.home()) / default
