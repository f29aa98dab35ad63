"""Times every width and resolution of the families on this device, with trained networks beside."""

from __future__ import annotations

import logging
import os
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edgevision.app.build import build_engine
from edgevision.app.checks.hardware import governor, heat
from edgevision.app.device import fingerprint, keep_times, place
from edgevision.app.doctor import this_device
from edgevision.app.process import set_up_process
from edgevision.app.trained import RESOLUTIONS, trained_here
from edgevision.errors import EdgevisionError, OutputError
from edgevision.evaluation.fit import Timed, Times, best, interleaved, pareto, within
from edgevision.zoo.families import network_of
from edgevision.zoo.published import top1
from edgevision.zoo.registry import Model
from edgevision.zoo.seeded import seeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from edgevision.app.trained import Trained
    from edgevision.config.schema import Settings
    from edgevision.evaluation.fit import Timeable

log = logging.getLogger(__name__)

# Of the whole, by the time that it takes.
_WRITING: Final = 0.1
_UNTIMED: Final = Times(0.0, 0.0, 0)


@dataclass(frozen=True, slots=True)
class Grid:
    """What is timed; the values of the MobileNets paper, section 4.2."""

    families: tuple[str, ...] = ("mobilenet_v1", "mobilenet_v2")
    alphas: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0)
    resolutions: tuple[int, ...] = RESOLUTIONS

    def cells(self) -> Iterator[tuple[str, float, int]]:
        """Family, alpha and resolution of each network."""
        for family in self.families:
            for alpha in self.alphas:
                for resolution in self.resolutions:
                    yield family, alpha, resolution


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was timed, and on what.

    Attributes:
        rows: the grid, then the trained networks.
        device: JSON types: processor, runtime, governor, heat, load.
        interrupted: fewer rounds than wanted.
    """

    rows: tuple[Timed, ...]
    device: Mapping[str, Any]
    interrupted: bool = False

    @property
    def front(self) -> list[Timed]:
        """The Pareto front of published accuracy and median time."""
        return pareto(self.rows)

    @property
    def trained(self) -> list[Timed]:
        """The rows of trained networks."""
        return [row for row in self.rows if row.trained is not None]

    def best(self, budget_ms: float | None, budget_mb: float | None) -> Timed | None:
        """The highest published accuracy within the budgets; None if nothing is."""
        return best(within(self.rows, budget_ms, budget_mb))

    def best_trained(self, budget_ms: float | None, budget_mb: float | None) -> Timed | None:
        """Of the trained networks here, that of the highest measured accuracy."""
        return best(within(self.trained, budget_ms, budget_mb), lambda row: row.measured_top1)


def fit(
    settings: Settings,
    environ: Mapping[str, str],
    grid: Grid | None = None,
    *,
    seconds: float = 60.0,
    keep: Path | None = None,
    progress: Callable[[float], object] = float,
) -> Fitted:
    """Time the grid with seeded weights, and the trained networks, in turn.

    Each network is opened for a burst of inferences and closed, so that only one lies in memory
    however many there are. Times of trained networks are kept for `choose`.

    Args:
        settings: runtime, threads and kernels; where trained networks lie.
        environ: names the folder for times that are kept.
        grid: what to time.
        seconds: to spend on timing, about; writing the files comes on top.
        keep: folder for the files, made if need be; None: they are deleted.
        progress: told the share done, 0..1.

    Raises:
        EngineError: if no runtime is installed.
        OutputError: if the files cannot be written.
        KeyboardInterrupt: if it was interrupted before the first round was through.
    """
    set_up_process()
    on, load = fingerprint(settings), os.getloadavg()[0]
    plain = _at_own_resolution(settings)
    with ExitStack() as opened:
        folder = keep or Path(opened.enter_context(_temporary(environ)))
        drafts = _written(folder, list((grid or Grid()).cells()), progress)
        here = trained_here(settings.models.place(environ))
        trained = [one for one in here if _opens(one, plain)]
        opens: dict[str, Callable[[], Timeable]] = {
            row.id: partial(build_engine, plain, Model(row.id, path, "")) for row, path in drafts
        }
        opens |= {one.key: partial(one.open, plain) for one in trained}
        times, interrupted = _timed(opens, seconds, progress)
    rows = [replace(row, times=times[row.id]) for row, _ in drafts]
    rows += [one.timed(times[one.key]) for one in trained]
    if trained and not interrupted:
        keep_times(place(environ), on, {one.key: times[one.key] for one in trained})
    inferences = min(one.inferences for one in times.values())
    told = {**asdict(on), **_conditions(load, on.cores), "load_average": round(load, 2)}
    return Fitted(tuple(rows), {**told, "inferences": inferences}, interrupted)


def measure(
    networks: Sequence[Trained],
    settings: Settings,
    seconds: float,
    progress: Callable[[float], object] = float,
) -> dict[str, Times]:
    """Times of trained networks alone, by `Trained.key`; those that do not open are left out.

    Raises:
        KeyboardInterrupt: if it was interrupted.
    """
    plain = _at_own_resolution(settings)
    opens = {one.key: partial(one.open, plain) for one in networks if _opens(one, plain)}
    times, interrupted = _timed(opens, seconds, progress)
    if interrupted:
        raise KeyboardInterrupt
    return times


def _at_own_resolution(settings: Settings) -> Settings:
    model = settings.model.model_copy(update={"resolution": None})
    return settings.model_copy(update={"model": model})


def _timed(
    opens: Mapping[str, Callable[[], Timeable]],
    seconds: float,
    progress: Callable[[float], object],
) -> tuple[dict[str, Times], bool]:
    """Times of all, and whether an interruption left rounds out."""
    times: dict[str, Times] = {}
    if not opens:
        return times, False

    def tell(share: float) -> None:
        progress(_WRITING + (1 - _WRITING) * share)

    try:
        for times in interleaved(opens, seconds, progress=tell):  # noqa: B007 - the last is kept
            pass
    except KeyboardInterrupt:
        if not times:
            raise
        return times, True
    return times, False


def _opens(one: Trained, settings: Settings) -> bool:
    """Whether it runs here; if not, that is said."""
    try:
        one.open(settings).close()
    except EdgevisionError as error:
        log.warning("%s is left out: %s", one.id, error)
        return False
    return True


def _written(
    folder: Path, cells: Sequence[tuple[str, float, int]], progress: Callable[[float], object]
) -> list[tuple[Timed, Path]]:
    """Write the grid's files; a row for each, still without times."""
    drafts = []
    for number, (family, alpha, resolution) in enumerate(cells, start=1):
        network = network_of(family, alpha)
        content = seeded(network, resolution)
        name = f"{family}_{float(alpha)}_{resolution}"
        path = folder / f"{name}_seeded.tflite"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            raise OutputError(
                f"{path}: cannot be written ({error.strerror}); the files take 80 MB: name a "
                "folder with that much room by --keep"
            ) from error
        published = top1(family, alpha, resolution)
        row = Timed(
            id=name,
            family=family,
            alpha=alpha,
            resolution=resolution,
            times=_UNTIMED,
            mb=len(content) / 1e6,
            mult_adds=network.mult_adds(resolution),
            params=network.parameters,
            top1=published.percent if published else None,
            source=published.source if published else "",
        )
        drafts.append((row, path))
        progress(_WRITING * number / len(cells))
    return drafts


def _temporary(environ: Mapping[str, str]) -> tempfile.TemporaryDirectory[str]:
    """On a disk, if there is one: /tmp lies in memory on many a small system."""
    cache = place(environ).parent
    try:
        cache.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix="fit-", dir=cache)
    except OSError:
        pass
    try:
        return tempfile.TemporaryDirectory(prefix="edgevision-fit-")
    except OSError as error:
        raise OutputError(
            f"no folder for temporary files can be made ({error.strerror}); name one by --keep"
        ) from error


def _conditions(load: float, cores: int) -> dict[str, Any]:
    """What may have held the processor back, looked at after it has worked."""
    device = this_device()
    findings = {"governor": governor(device), "heat": heat(device)}
    warnings = [f"{one.found}; {one.fix}" for one in findings.values() if one.fix]
    if load > cores / 2:
        warnings.append(
            f"other programs were at work (load {load:.2f} on {cores} cores), so times are too "
            "long, those of 95 % above all; end them and measure again"
        )
    return {**{name: one.found for name, one in findings.items()}, "warnings": warnings}
