"""What `edgevision cost` prints for people: totals first, then a table, at most 99 columns wide."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from edgevision.zoo.cost import savings, unfactorised
from edgevision.zoo.published import top1

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgevision.zoo.cost import Cost, LayerCost
    from edgevision.zoo.paper import Compared
    from edgevision.zoo.walk import Walked

_WIDTH: Final = 99
_NAME: Final = 20  # columns of a layer's name
_MILLION: Final = 1e6
_HEADING: Final = (
    ("layer", "", "", "mult-", "para-", "full", "", ""),
    ("", "", "output", "adds, M", "meters", "conv, M", "share", "1/N+1/D²"),
)
_LEFT: Final = 2  # columns that are words
_IMAGENET: Final = frozenset({1000, 1001})  # the second with a class for the background
# What converters append for the parts of a layer that they fused into it.
_ENDINGS: Final = ("/Relu6", "/relu6", "/Relu", "/BiasAdd", "/add_fold", "/FusedBatchNormV3")
_LEGEND: Final = (
    "full conv: what one D x D convolution to N channels would take in place of this layer and the "
    "depthwise one above it; share: what those two take of that. By section 3.1 of the MobileNets "
    "paper it is 1/N + 1/D²."
)


def network_lines(counted: Cost) -> list[str]:
    """A network of a family: totals, what factorisation saves, and the layers."""
    side = counted.resolution
    name = f"{counted.family}, alpha {counted.alpha:g}"
    lines = [
        f"{name}, {side} x {side} pixels, {counted.classes:,} classes",
        *_totals(counted.mult_adds, counted.parameters),
        *_saved(counted.layers),
    ]
    published = top1(counted.family, counted.alpha, side)
    if published is not None and counted.classes in _IMAGENET:
        lines.append(f"  ImageNet top-1 {published.percent:>10.1f} %  (published, float weights)")
    return [*lines, "", *_layers(counted.layers)]


def file_lines(walked: Walked) -> list[str]:
    """A file: totals, what is not counted, and its operators."""
    side = f"{walked.resolution} x {walked.resolution} pixels, " if walked.resolution else ""
    ends = f"{walked.classes:,} classes, " if walked.classes else ""
    lines = [f"{walked.path.name}: {side}{ends}{walked.bytes / _MILLION:.2f} MB"]
    if walked.for_edgetpu:
        wrapped = textwrap.wrap(
            "Compiled for the Edge TPU, into an operator of its own (edgetpu-custom-op): what it "
            "costs cannot be seen from outside. Count the file that it was compiled from.",
            _WIDTH - 2,
        )
        return [*lines, *(f"  {line}" for line in wrapped)]
    lines += _totals(walked.mult_adds, walked.parameters)
    if walked.not_counted:
        lines.append(f"  not counted    {', '.join(walked.not_counted)}; the totals lack them")
    lines += _saved(walked.layers)
    lines.append(f"  other sizes    {'yes' if walked.resizable else 'no'}: {_why(walked)}")
    return [*lines, "", *_layers(walked.layers)]


def paper_lines(rows: Sequence[Compared], notes: Sequence[str]) -> list[str]:
    """The paper's rows beside ours, then why some differ."""
    reasons = list(dict.fromkeys(compared.note for compared in rows if compared.note))
    cells = [
        (
            "table",
            "model",
            "mult-adds,",
            "millions",
            "",
            "params,",
            "millions",
            "",
            "top-1",
            "",
        ),
        ("", "", "paper", "ours", "off", "paper", "ours", "off", "paper", ""),
    ]
    before = ""
    for compared in rows:
        row = compared.row
        mark = f"[{reasons.index(compared.note) + 1}]" if compared.note else ""
        cells.append(
            (
                row.table if row.table != before else "",
                row.model,
                row.mult_adds,
                f"{compared.mult_adds / _MILLION:.1f}",
                _percent(compared.mult_adds_off),
                row.parameters,
                f"{compared.parameters / _MILLION:.3f}",
                _percent(compared.parameters_off),
                f"{row.top1:.1f} %" if row.top1 is not None else "-",
                mark,
            )
        )
        before = row.table
    numbered = [f"[{number}] {reason}" for number, reason in enumerate(reasons, start=1)]
    return [
        "MobileNets (Howard et al. 2017, arXiv 1704.04861) and what we count",
        "",
        *_table(cells),
        "",
        "Every MobileNet row is within 1 %, or rounds to the digits that the paper prints.",
        *(line for note in numbered for line in _paragraph(note, "    ")),
        "",
        *(line for note in notes for line in _paragraph(note, "  ")),
    ]


def _totals(mult_adds: int, parameters: int) -> list[str]:
    return [
        f"  mult-adds      {mult_adds / _MILLION:>10,.2f} M  ({mult_adds:,})",
        f"  parameters     {parameters / _MILLION:>10,.2f} M  ({parameters:,})",
    ]


def _saved(layers: Sequence[LayerCost]) -> list[str]:
    if not savings(layers):
        return []
    mult_adds, parameters = unfactorised(layers)
    times = mult_adds / sum(layer.mult_adds for layer in layers)
    full = f"{mult_adds / _MILLION:,.0f} M, and {parameters / _MILLION:,.1f} M parameters"
    return [f"  factorised     {times:.1f} times fewer mult-adds than full convolutions ({full})"]


def _why(walked: Walked) -> str:
    if walked.resizable:
        return "its pool is a mean over whatever height and width there are"
    return "its pool, or something else in it, has a fixed size"


def _layers(layers: Sequence[LayerCost]) -> list[str]:
    pairs = {pair.pointwise: pair for pair in savings(layers)}
    cells = list(_HEADING)
    for layer in layers:
        pair = pairs.get(layer.name)
        cells.append(
            (
                _short(layer.name),
                _operation(layer),
                "x".join(map(str, layer.output)),
                f"{layer.mult_adds / _MILLION:,.2f}" if layer.mult_adds else "-",
                f"{layer.parameters:,}" if layer.parameters else "-",
                f"{pair.full_mult_adds / _MILLION:,.2f}" if pair else "",
                f"{100 * pair.ratio:.1f} %" if pair else "",
                f"{100 * pair.predicted:.1f} %" if pair else "",
            )
        )
    if not pairs:
        return _table([row[:5] for row in cells])
    return [*_table(cells), "", *textwrap.wrap(_LEGEND, _WIDTH)]


def _short(name: str) -> str:
    """The end of a name, which tells more than its beginning; converters write long ones."""
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name if len(name) <= _NAME else f"..{name[2 - _NAME :]}"


def _operation(layer: LayerCost) -> str:
    kind = layer.kind.replace("_", " ")
    if not layer.counted:
        return f"{kind[:14]} ?"
    if layer.kernel == (1, 1) and layer.kind not in {"conv", "depthwise"}:
        return kind
    window = f"{kind.replace('average', 'mean')} {layer.kernel[0]}x{layer.kernel[1]}"
    return f"{window} /{layer.stride}" if layer.stride > 1 else window


def _table(cells: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns of words to the left, of figures to the right."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if index < _LEFT else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def _percent(value: float) -> str:
    # Without the sum, what is rounded to nothing could be "-0.0".
    return f"{round(value, 1) + 0.0:+.1f} %"


def _paragraph(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent=indent)
