"""`edgevision fit`: which network is the best that this device can run within a budget."""

from __future__ import annotations

import json
import math
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from edgevision.app.advice import weights_for
from edgevision.app.fit import fit as fit_device
from edgevision.cli.flags import (
    FloatRange,
    all_of,
    config_flag,
    json_flag,
    settings_from,
    threads_flag,
)
from edgevision.cli.plot import check_plot, draw_plot
from edgevision.cli.scatter import scatter
from edgevision.errors import ModelError
from edgevision.evaluation.fit import fastest, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edgevision.app.advice import Weights
    from edgevision.app.fit import Fitted
    from edgevision.evaluation.fit import Timed

_STEPS: Final = 1000  # of the progress bar


def _finite(ctx: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    del ctx
    if value is not None and not (math.isfinite(value) and value > 0):
        raise click.BadParameter(f"{value:g}: expected a number over 0", param=parameter)
    return value


@click.command()
@click.option(
    "--budget-ms", type=float, callback=_finite, help="milliseconds an inference may take (95 %)"
)
@click.option("--budget-mb", type=float, callback=_finite, help="size of the file, in 10^6 bytes")
@all_of(threads_flag)
@click.option(
    *("--seconds", "seconds"),
    type=FloatRange(1, 3600),
    default=60.0,
    show_default=True,
    help="to spend on timing, at most; more rounds are steadier",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.png|.svg",
    help="draw accuracy against time; needs the extra `plot`",
)
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="keep the files that were timed; their weights are random, for timing only",
)
@all_of(config_flag, json_flag)
def fit(
    *,
    budget_ms: float | None,
    budget_mb: float | None,
    seconds: float,
    plot: Path | None,
    keep: Path | None,
    config: Path | None,
    as_json: bool,
    **shared: Any,
) -> None:
    """Time MobileNets of every width and resolution here, and name the best within a budget.

    Example:  edgevision fit --budget-ms 30 --budget-mb 4
    """
    settings = settings_from(config, **shared)
    budget_ms = settings.model.budget_ms if budget_ms is None else budget_ms
    if plot is not None:
        check_plot(plot)
    with _progress() as tell:
        fitted = fit_device(settings, os.environ, seconds=seconds, keep=keep, progress=tell)
    fitting = within(fitted.rows, budget_ms, budget_mb)
    best = fitted.best(budget_ms, budget_mb)
    order = sorted(fitting, key=lambda row: (row is not best, -(row.top1 or 0.0)))
    weights = weights_for(order, settings.models.place(os.environ))
    if plot is not None:
        front = fitted.front
        draw_plot(plot, fitted.rows, front, title=_title(fitted), budget_ms=budget_ms)
    if as_json:
        print(json.dumps(_json(fitted, best, weights, budget_ms, budget_mb), indent=1))
    else:
        for line in _words(fitted, budget_ms):
            print(line)
        for line in _advice(fitted, best, weights, budget_ms, budget_mb):
            print(line)
    if best is None:
        raise ModelError(_nothing_fits(fitted, budget_ms, budget_mb))


@contextmanager
def _progress() -> Iterator[Callable[[float], None]]:
    with click.progressbar(length=_STEPS, label="timing", file=sys.stderr) as bar:

        def tell(share: float) -> None:
            bar.update(max(round(share * _STEPS) - bar.pos, 0))

        try:
            yield tell
        except KeyboardInterrupt:
            print("\nedgevision: interrupted before one round was through", file=sys.stderr)
            raise click.Abort from None
        bar.update(_STEPS - bar.pos)


def _json(
    fitted: Fitted,
    best: Timed | None,
    weights: Weights | None,
    budget_ms: float | None,
    budget_mb: float | None,
) -> dict[str, Any]:
    trained = fitted.best_trained(budget_ms, budget_mb)
    return {
        "grid": [row.to_dict() for row in fitted.rows],
        "pareto": [row.to_dict() for row in fitted.front],
        "best": best.to_dict() if best else None,
        "best_trained": trained.to_dict() if trained else None,
        "weights": weights.to_dict() if weights else None,
        "budget_ms": budget_ms,
        "budget_mb": budget_mb,
        "device": dict(fitted.device),
        "interrupted": fitted.interrupted,
    }


def _title(fitted: Fitted) -> str:
    device = fitted.device
    threads = f"{device['threads']} thread{'s' if device['threads'] > 1 else ''}"
    kernels = "" if device["xnnpack"] else ", without XNNPACK"
    return f"{device['cpu']}, {device['runtime']}, {threads}{kernels}"


def _words(fitted: Fitted, budget_ms: float | None) -> Iterator[str]:
    device = fitted.device
    yield _title(fitted)
    yield (
        f"governor: {device['governor']}; heat: {device['heat']}; load before: "
        f"{device['load_average']:g} on {device['cores']} cores; "
        f"{device['inferences']} inferences each{', interrupted' if fitted.interrupted else ''}"
    )
    for warning in device["warnings"]:
        yield f"! {warning}"
    yield ""
    yield "Pareto front: nothing here is both faster and as accurate (published, ImageNet)"
    yield from _table(fitted.front, lambda row: row.top1, "top-1 %")
    yield ""
    yield from _terminal_plot(fitted, budget_ms)
    if fitted.trained:
        yield ""
        yield "Trained networks here (measured: on the photos of docs/accuracy.md, easier ones)"
        yield from _table(fitted.trained, lambda row: row.measured_top1, "measured %")
    yield ""


def _table(
    rows: Sequence[Timed], accuracy: Callable[[Timed], float | None], heading: str
) -> Iterator[str]:
    cells = [("network", "ms", "95 %", "MB", "mult-adds", "params", heading)]
    for row in rows:
        value = accuracy(row)
        times = (f"{row.times.ms:.2f}", f"{row.times.p95_ms:.2f}", f"{row.mb:.2f}")
        counts = (_millions(row.mult_adds, 0), _millions(row.params, 2))
        cells.append((row.id, *times, *counts, "-" if value is None else f"{value:.1f}"))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for first, *others in cells:
        numbers = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        yield f"  {first.ljust(widths[0])}  " + "  ".join(numbers)


def _millions(count: int | None, digits: int) -> str:
    return "-" if count is None else f"{count / 1e6:.{digits}f} M"


def _terminal_plot(fitted: Fitted, budget_ms: float | None) -> Iterator[str]:
    front = {row.id for row in fitted.front}
    layers: tuple[list[Any], ...] = ([], [], [])
    for row in fitted.rows:
        if row.top1 is not None:
            letter = "*" if row.trained else row.family[-1] if row.id in front else "·"
            layer = 2 if row.trained else row.id in front
            layers[layer].append((row.times.ms, row.top1, letter))
    points = [point for layer in layers for point in layer]
    yield from scatter(points, "ms (median)", "top-1, % (published)", budget_ms)
    yield "      1, 2: MobileNet V1, V2 on the front   ·: others   *: trained, here" + (
        "   ┊: the budget" if budget_ms is not None else ""
    )


def _budgets(budget_ms: float | None, budget_mb: float | None) -> str:
    given = [f"{budget_ms:g} ms" if budget_ms else "", f"{budget_mb:g} MB" if budget_mb else ""]
    return " and ".join(text for text in given if text)


def _advice(
    fitted: Fitted,
    best: Timed | None,
    weights: Weights | None,
    budget_ms: float | None,
    budget_mb: float | None,
) -> Iterator[str]:
    if best is None:
        return
    limits = _budgets(budget_ms, budget_mb)
    rivals = sum(row.top1 is not None for row in within(fitted.rows, budget_ms, budget_mb))
    yield (
        f"best: {best.id}, {best.top1:.1f} %, {best.times.ms:.2f} ms (95 %: "
        f"{best.times.p95_ms:.2f} ms), {best.mb:.2f} MB: the most accurate of the {rivals} "
        + (f"within {limits}" if limits else "timed; no budget was given")
    )
    if weights is None:
        yield "weights: the registry has trained ones for none of them"
    elif weights.row is best:
        trained = ", trained at another resolution" if weights.resized else ""
        where = "here" if weights.here else "in the registry"
        yield f"weights: {weights.model} ({where}{trained}): {' && '.join(weights.commands)}"
    else:
        yield (
            f"weights: none in the registry for it; the next that fits is {weights.row.id} "
            f"({weights.row.top1:.1f} %): {' && '.join(weights.commands)}"
        )
    trained_row = fitted.best_trained(budget_ms, budget_mb)
    if trained_row is not None:
        yield (
            f"trained and here: {trained_row.id}, measured {trained_row.measured_top1:.1f} %, "
            f"95 %: {trained_row.times.p95_ms:.2f} ms"
            + (f": edgevision run --budget-ms {budget_ms:g} chooses so" if budget_ms else "")
        )


def _nothing_fits(fitted: Fitted, budget_ms: float | None, budget_mb: float | None) -> str:
    quick = fastest(within(fitted.rows, None, budget_mb) or fitted.rows)
    small = min(fitted.rows, key=lambda row: row.mb)
    return (
        f"no network is within {_budgets(budget_ms, budget_mb)}: the fastest is {quick.id} "
        f"({quick.times.p95_ms:.2f} ms for 95 % of inferences, {quick.mb:.2f} MB), the smallest "
        f"{small.id} ({small.mb:.2f} MB)"
    )
