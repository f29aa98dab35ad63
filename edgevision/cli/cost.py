"""`edgevision cost`: multiply-adds and parameters of a network, layer by layer."""

from __future__ import annotations

import json
import os
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgevision.cli.cost_text import file_lines, network_lines, paper_lines
from edgevision.cli.flags import json_flag, settings_from
from edgevision.errors import ModelError
from edgevision.zoo.cost import Cost, LayerCost, count, savings, unfactorised
from edgevision.zoo.families import FAMILIES, network_of
from edgevision.zoo.paper import compare, planet_notes
from edgevision.zoo.published import top1
from edgevision.zoo.registry import entries, opened
from edgevision.zoo.walk import Walked, read_network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgevision.zoo.paper import Compared

_DEFAULT_RESOLUTION = 224
_DEFAULT_CLASSES = 1000
_LARGEST = 16_384
_MOST = 100_000_000


@click.command()
@click.argument("network", required=False, metavar="NAME|FILE")
@click.option(
    "--alpha", type=float, help="width multiplier, over 0: 0.25, 0.5, 0.75 or 1.0 in the paper"
)
@click.option(
    "--resolution",
    type=click.IntRange(max=_LARGEST),
    metavar="PIXELS",
    help=f"side of the image, a multiple of 32 (default {_DEFAULT_RESOLUTION})",
)
@click.option(
    "--classes",
    type=click.IntRange(max=_MOST),
    metavar="N",
    help=f"of the classifier (default {_DEFAULT_CLASSES})",
)
@click.option("--layers", is_flag=True, help="with --json: an item for each layer, too")
@click.option("--paper", is_flag=True, help="the MobileNets paper's figures beside ours")
@json_flag
def cost(
    *,
    network: str | None,
    alpha: float | None,
    resolution: int | None,
    classes: int | None,
    layers: bool,
    paper: bool,
    as_json: bool,
) -> None:
    """Count what a network costs: multiply-adds and parameters, layer by layer.

    NAME is mobilenet_v1, mobilenet_v2 or efficientnet_lite0; FILE any .tflite file, or an id of
    `edgevision models list`.
    """
    given = {"--alpha": alpha, "--resolution": resolution, "--classes": classes}
    if paper:
        _refuse({"a network": network, **given}, "--paper prints the paper's own rows")
        rows, notes = compare(), planet_notes()
        _show(_paper_values(rows, notes), paper_lines(rows, notes), as_json=as_json)
    elif network is None:
        raise click.UsageError(
            "say which network: `edgevision cost mobilenet_v1`, a .tflite file, or --paper"
        )
    elif network in FAMILIES:
        counted = count(
            network_of(
                network,
                1.0 if alpha is None else alpha,
                _DEFAULT_CLASSES if classes is None else classes,
            ),
            _DEFAULT_RESOLUTION if resolution is None else resolution,
        )
        _show(_network_values(counted, layers=layers), network_lines(counted), as_json=as_json)
    else:
        path = _file(network)
        _refuse(given, f"{network} is a file, in which these are fixed")
        walked = read_network(path)
        _show(_file_values(walked, layers=layers), file_lines(walked), as_json=as_json)


def _show(values: dict[str, Any], lines: Sequence[str], *, as_json: bool) -> None:
    print(json.dumps(values) if as_json else "\n".join(lines))


def _refuse(given: dict[str, Any], reason: str) -> None:
    wrong = [flag for flag, value in given.items() if value is not None]
    if wrong:
        raise click.UsageError(f"{reason}: leave {' and '.join(wrong)} out")


def _file(name: str) -> Path:
    """The file that `name` means.

    Raises:
        ModelError: if it is no id and no file, or an id whose file is not here.
    """
    path = Path(name).expanduser()
    if path.exists():
        return path
    folder = settings_from(None).models.place(os.environ)
    ids = entries(folder)
    if name in ids:
        return opened(ids[name], folder).path
    if path.suffix == ".tflite":
        raise ModelError(f"{name}: there is no such file")
    near = get_close_matches(name, [*FAMILIES, *ids], n=1)
    hint = f"did you mean {near[0]}?" if near else f"names: {', '.join(FAMILIES)}"
    raise ModelError(f"network {name!r} is no name, id or file; {hint}")


def _network_values(counted: Cost, *, layers: bool) -> dict[str, Any]:
    published = top1(counted.family, counted.alpha, counted.resolution)
    values = {
        "name": counted.name,
        "family": counted.family,
        "alpha": counted.alpha,
        "resolution": counted.resolution,
        "classes": counted.classes,
        "mult_adds": counted.mult_adds,
        "params": counted.parameters,
        "published_top1": published and {"percent": published.percent, "source": published.source},
        **_full(counted.layers),
    }
    return {**values, **_layer_values(counted.layers)} if layers else values


def _file_values(walked: Walked, *, layers: bool) -> dict[str, Any]:
    # 0 would be a lie about an operator into which nobody can look.
    known = not walked.for_edgetpu
    values = {
        "file": str(walked.path),
        "bytes": walked.bytes,
        "alpha": None,
        "resolution": walked.resolution,
        "classes": walked.classes,
        "mult_adds": walked.mult_adds if known else None,
        "params": walked.parameters if known else None,
        "not_counted": list(walked.not_counted),
        "resizable": walked.resizable,
        "for_edgetpu": walked.for_edgetpu,
        **_full(walked.layers),
    }
    return {**values, **_layer_values(walked.layers)} if layers else values


def _full(layers: Sequence[LayerCost]) -> dict[str, Any]:
    """What the network would cost with full convolutions; null if it has no separable ones."""
    if not savings(layers):
        return {"full_convolutions": None}
    mult_adds, parameters = unfactorised(layers)
    return {"full_convolutions": {"mult_adds": mult_adds, "params": parameters}}


def _layer_values(layers: Sequence[LayerCost]) -> dict[str, Any]:
    return {
        "layers": [
            {
                "name": layer.name,
                "kind": layer.kind,
                "input": layer.input,
                "output": layer.output,
                "kernel": layer.kernel,
                "stride": layer.stride,
                "mult_adds": layer.mult_adds,
                "params": layer.parameters,
            }
            for layer in layers
        ],
        "savings": [
            {
                "depthwise": pair.depthwise,
                "pointwise": pair.pointwise,
                "kernel": pair.kernel,
                "inputs": pair.inputs,
                "outputs": pair.outputs,
                "mult_adds": pair.mult_adds,
                "params": pair.parameters,
                "full_mult_adds": pair.full_mult_adds,
                "full_params": pair.full_parameters,
                "ratio": pair.ratio,
                "predicted": pair.predicted,
            }
            for pair in savings(layers)
        ],
    }


def _paper_values(rows: Sequence[Compared], notes: Sequence[str]) -> dict[str, Any]:
    return {
        "paper": "Howard et al. 2017, arXiv 1704.04861",
        "rows": [
            {
                "table": compared.row.table,
                "model": compared.row.model,
                "network": compared.row.network,
                "alpha": compared.row.alpha,
                "resolution": compared.row.resolution,
                "classes": compared.row.classes,
                "paper_mult_adds_millions": float(compared.row.mult_adds),
                "paper_params_millions": float(compared.row.parameters),
                "paper_top1": compared.row.top1,
                "mult_adds": compared.mult_adds,
                "params": compared.parameters,
                "mult_adds_difference_percent": round(compared.mult_adds_off, 2),
                "params_difference_percent": round(compared.parameters_off, 2),
                "agrees": compared.agrees,
                "note": compared.note,
            }
            for compared in rows
        ],
        "planet": list(notes),
    }
