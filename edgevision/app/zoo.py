"""Every network that is here, side by side: what each costs, and how fast it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Final

from edgevision.app.bench import in_fresh_process
from edgevision.app.build import build_engine
from edgevision.app.device import fingerprint
from edgevision.errors import AbsentError, ModelError, WrittenError
from edgevision.evaluation.fit import interleaved
from edgevision.zoo.entry import IMAGENET
from edgevision.zoo.registry import entries, find, local_file
from edgevision.zoo.walk import read_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from edgevision.config.schema import Settings
    from edgevision.zoo.registry import Model
    from edgevision.zoo.walk import Walked

FOR_EDGETPU: Final = "compiled for the Edge TPU, and runs nowhere else"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A network that is here.

    Attributes:
        id: what the table calls it.
        use: what `--model` takes: an id, or a path.
        path: its file.
    """

    id: str
    use: str
    path: Path


@dataclass(frozen=True, slots=True)
class Entrant:
    """A network at one resolution.

    Attributes:
        candidate: which one.
        model: its file and heads.
        resolution: side of the input in pixels.
        mult_adds, parameters: at that resolution, with the classifier of ImageNet's classes where
            the network has that as a head.
        mb: size of the network's file in units of 10^6 bytes.
    """

    candidate: Candidate
    model: Model
    resolution: int
    mult_adds: int
    parameters: int
    mb: float

    def to_dict(self) -> dict[str, Any]:
        """JSON types."""
        return {
            "id": self.candidate.id,
            "resolution": self.resolution,
            "mult_adds": self.mult_adds,
            "parameters": self.parameters,
            "mb": round(self.mb, 3),
        }


def zoo(
    settings: Settings,
    candidates: Iterable[Candidate],
    folder: Path,
    threads: Sequence[int],
    rounds: int,
    *,
    config: Path | None = None,
    progress: Callable[[float], object] = float,
) -> list[dict[str, Any]]:
    """Time all of them in turn, with each number of threads; JSON types.

    Args:
        settings: which runtime, and the resolutions that networks are resized to.
        candidates: those of `here`.
        folder: of networks that were pulled or added.
        threads: of the interpreter.
        rounds: in each, every network runs some times.
        config: the file that `settings` are from, if any.
        progress: told the share done, 0..1.

    Returns:
        an item for each network, resolution and number of threads, with `ms` and `p95_ms` of one
        inference, and `rss_mb`, the most memory of a process that does nothing else; and one with
        `left_out`, the reason, for each network that cannot run.

    Raises:
        EngineError: if no runtime is installed.
    """
    runtime = fingerprint(settings).runtime
    entrants, left_out = _entrants(settings, candidates, folder)
    runs = {
        f"{index}/{count}": (one, count) for index, one in enumerate(entrants) for count in threads
    }
    opens = {
        name: partial(_opened, settings, one, threads=count) for name, (one, count) in runs.items()
    }
    *_, times = interleaved(opens, inf, most_rounds=rounds, progress=progress)
    found = [
        {
            **one.to_dict(),
            "runtime": runtime,
            "threads": count,
            "ms": round(times[name].ms, 3),
            "p95_ms": round(times[name].p95_ms, 3),
            "inferences": times[name].inferences,
            "rss_mb": _rss_mb(one, count, config),
        }
        for name, (one, count) in runs.items()
    ]
    return found + [{"id": name, "left_out": why} for name, why in left_out.items()]


def here(folder: Path, models: Path | None) -> Iterator[Candidate]:
    """Every network that is on this machine, embedded ones first.

    Args:
        folder: of networks that were pulled or added.
        models: a folder of more .tflite files, or None.

    Raises:
        ModelError: if `models` is no folder, or the registry is damaged.
    """
    taken = set()
    for entry in entries(folder).values():
        path = local_file(entry, folder)
        if path is not None:
            taken.add(entry.id)
            yield Candidate(entry.id, entry.id, path)
    if models is None:
        return
    if not models.is_dir():
        raise ModelError(f"{models}: is no folder; give one with .tflite files")
    for path in sorted(models.glob("*.tflite")):
        yield Candidate(str(path) if path.stem in taken else path.stem, str(path), path)


def _entrants(
    settings: Settings, candidates: Iterable[Candidate], folder: Path
) -> tuple[list[Entrant], dict[str, str]]:
    """Those that run, at each resolution that they can have; and why others do not, by id."""
    entrants: list[Entrant] = []
    left_out: dict[str, str] = {}
    digests = set()
    for one in candidates:
        try:
            walked = read_network(one.path)
            if walked.for_edgetpu:
                left_out[one.id] = FOR_EDGETPU
                continue
            model = find(one.use, folder=folder)
        except WrittenError as error:
            left_out[one.id] = str(error)
            continue
        # A file may be here twice, pulled and in a folder.
        if model.sha256 in digests:
            continue
        digests.add(model.sha256)
        more = settings.governor.resolutions if walked.resizable else ()
        for side in sorted({walked.resolution, *more}, reverse=True):
            entrant = _entrant(one, model, walked, side)
            try:
                _opened(settings, entrant).close()
            except (WrittenError, AbsentError) as error:
                left_out[f"{one.id}, {side}"] = str(error)
            else:
                entrants.append(entrant)
    return entrants, left_out


def _opened(settings: Settings, one: Entrant, threads: int = 1) -> Any:
    return build_engine(settings, one.model, resolution=one.resolution, threads=threads)


def _entrant(one: Candidate, model: Model, walked: Walked, side: int) -> Entrant:
    head = model.heads.get(IMAGENET)
    weights, biases = (head.weights.size, head.bias.size) if head else (0, 0)
    return Entrant(
        one,
        model,
        side,
        mult_adds=walked.mult_adds_at(side) + weights,
        parameters=walked.parameters + weights + biases,
        mb=walked.bytes / 1e6,
    )


def _rss_mb(one: Entrant, threads: int, config: Path | None) -> float:
    given = ["--zoo", "--model", one.candidate.use, "--resolution", str(one.resolution)]
    given += ["--threads", str(threads), *(["--config", str(config)] if config else [])]
    return float(in_fresh_process(given)["rss_mb"])
