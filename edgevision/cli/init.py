"""`edgevision init`: ask or detect, and write a first file of settings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from pydantic import ValidationError

from edgevision.config import file
from edgevision.config.origin import masked, printable
from edgevision.config.problems import problems
from edgevision.config.schema import Settings
from edgevision.config.telling import Outputs
from edgevision.config.template import EXAMPLES, commented
from edgevision.errors import ConfigError, EdgevisionError
from edgevision.kinds import suggestion
from edgevision.sources.uri import parse
from edgevision.sources.usb import discover
from edgevision.tasks import KINDS as TASKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgevision.sources.usb import Camera

KEYS = ("version", "task", "source", "outputs")
"""What a first file holds; `config default` prints the rest."""

EXTRAS = [name for name in Outputs.model_fields if name != "console"]
FIRST_FILE = Path("edgevision.yaml")


@click.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=FIRST_FILE,
    show_default=True,
    help="The file to write.",
)
@click.option("--yes", is_flag=True, help="Ask nothing; take what is detected and the defaults.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def init(output: Path, yes: bool, force: bool) -> None:
    """Write a first file of settings, with a comment above every key."""
    name = printable(str(output))
    taken = ConfigError(f"{name}: is there already; --force writes over it, --output names another")
    if output.is_dir():
        raise ConfigError(f"{name}: is a folder; expected the name of a file")
    if output.exists() and not force:
        raise taken
    cameras = discover()
    for camera in cameras:
        print(f"found {printable(camera.name)} at {_address(camera)}")
    if not cameras:
        print("found no camera; the source auto takes the first that is there when it runs")
    answers: dict[str, Any] = {
        "task": "dogs",
        "source": next((_address(camera) for camera in cameras if not camera.csi), "auto"),
        "outputs": _outputs("jsonl"),
    }
    if not yes and sys.stdin.isatty() and sys.stdout.isatty():
        answers = _asked(answers)
    settings = Settings.model_validate(answers)
    text = (
        "# Settings of edgevision; `edgevision config default` prints all that there are.\n\n"
        + commented(settings, only=KEYS)
    )
    # A password in an address is for its owner alone.
    mode = 0o644 if masked(settings.source.uri) == settings.source.uri else 0o600
    try:
        file.write(output, text, replace=force, mode=mode)
    except FileExistsError:
        raise taken from None
    except OSError as error:
        raise ConfigError(f"{name}: cannot be written: {error.strerror}") from None
    print(f"{name}: written")
    option = "" if output == FIRST_FILE else f" --config {name}"
    print(f"next: edgevision run{option}")


def _address(camera: Camera) -> str:
    return f"v4l2:{camera.by_id or camera.device}"


def _asked(defaults: dict[str, Any]) -> dict[str, Any]:
    """The answers, each asked again until it does."""
    return {
        "task": click.prompt(
            f"task ({', '.join(TASKS)}; several with commas)",
            default=defaults["task"],
            value_proc=_told(_task),
        ),
        "source": click.prompt(
            "source (auto, a camera from above, file:PATH, rtsp://..., see docs/sources.md)",
            default=defaults["source"],
            value_proc=_told(_source),
        ),
        "outputs": click.prompt(
            f"outputs beside the terminal ({', '.join(EXTRAS)}; several with commas; none)",
            default="jsonl",
            value_proc=_told(_outputs),
        ),
    }


def _told(check: Callable[[str], Any]) -> Callable[[str], Any]:
    """`check` with its errors in the form that makes click print one and ask again."""

    def checked(answer: str) -> Any:
        try:
            return check(answer)
        except ValidationError as error:
            raise click.UsageError(problems(error, {})[0].removeprefix("settings: ")) from None
        except EdgevisionError as error:
            raise click.UsageError(str(error)) from None

    return checked


def _task(answer: str) -> list[str]:
    names = list(Settings.model_validate({"task": answer}).task)
    for name in names:
        if name not in TASKS:
            raise ConfigError(f"task {printable(name)} is not known{suggestion(name, TASKS)}")
    return names


def _source(answer: str) -> str:
    parse(answer)
    return Settings.model_validate({"source": answer}).source.uri


def _outputs(answer: str) -> dict[str, Any]:
    """The outputs named in `answer`, with the paths that the commented file shows as examples."""
    chosen: dict[str, Any] = {}
    for name in (part.strip() for part in answer.split(",")):
        if name not in (*EXTRAS, "none", ""):
            raise ConfigError(
                f"output {printable(name)} is not known{suggestion(name, [*EXTRAS, 'none'])}"
            )
        if name in EXTRAS:
            chosen[name] = {path[-1]: one for path, one in EXAMPLES.items() if path[1] == name}
    return chosen
