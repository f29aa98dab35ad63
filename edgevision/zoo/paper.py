"""The rows of the MobileNets paper beside our own counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from edgevision.zoo.cost import Cost, count, unfactorised
from edgevision.zoo.families import mobilenet_v1
from edgevision.zoo.others import AUXILIARY, INCEPTION_V3, OTHERS, count_other
from edgevision.zoo.published import CELLS, PAPER, Row

PLANET_CELLS: Final = 26_263
"""Cells of Weyand et al. 2016 (arXiv 1602.05314), section 3."""

_MILLION: Final = 1_000_000
_CLOSE: Final = 1.0  # per cent
# Table 5: "the 5 layers of separable filters with feature size 14 x 14 x 512 are removed".
_DEEP: Final = frozenset(f"block{number}" for number in range(7, 12))


@dataclass(frozen=True, slots=True)
class Compared:
    """A row of the paper, and what we count.

    Attributes:
        row: of the paper.
        mult_adds, parameters: ours, in ones.
        note: why they differ, or how ours came about; "" if there is nothing to say.
    """

    row: Row
    mult_adds: int
    parameters: int
    note: str = ""

    @property
    def mult_adds_off(self) -> float:
        """Ours against the paper's, in per cent of the paper's."""
        return _off(self.mult_adds, self.row.mult_adds)

    @property
    def parameters_off(self) -> float:
        """Ours against the paper's, in per cent of the paper's."""
        return _off(self.parameters, self.row.parameters)

    @property
    def agrees(self) -> bool:
        """Each figure is within 1 %, or rounds to the digits that the paper prints."""
        return _same(self.mult_adds, self.row.mult_adds) and _same(
            self.parameters, self.row.parameters
        )


def compare() -> tuple[Compared, ...]:
    """All rows of `published.PAPER`."""
    return tuple(Compared(row, *_count(row), _note(row)) for row in PAPER)


def cells(parameters: float, body: int, features: int) -> int:
    """How many classes bring a network to so many parameters.

    Args:
        parameters: of the whole network.
        body: of all layers but the last ones.
        features: weights that each class has, in all last layers together, biases included.
    """
    return round((parameters - body) / features)


def planet_notes() -> tuple[str, ...]:
    """What the figures of section 4.4 say about the number of cells, a sentence each."""
    body, features = _body(count(mobilenet_v1(classes=1)))
    large, wide = _body(count_other(INCEPTION_V3, 1))
    aside, narrow = _body(count_other(AUXILIARY, 1))
    alone = cells(52e6, large, wide)
    both = cells(52e6, large + aside, wide + narrow)
    small = (body + PLANET_CELLS * features) / _MILLION
    huge = (large + PLANET_CELLS * wide) / _MILLION
    mobilenet = (
        f"PlaNet MobileNet: 10 M of parameters in the last layer are 10,000,000 / {features} = "
        f"{CELLS:,} cells; 13 M in all, less a body of {body / _MILLION:.1f} M, are "
        f"{cells(13e6, body, features):,}."
    )
    inception = (
        f"PlaNet on Inception V3: 52 M leave room for {alone:,} cells, or, if the auxiliary "
        f"classifier of its training counts too, for {both:,}; 5740 M fits either. Only the second "
        "is near MobileNet's, so its row is counted this way; the paper does not say it."
    )
    first = (
        f"The PlaNet paper has {PLANET_CELLS:,} cells: with MobileNet that would be {small:.1f} M, "
        f"with Inception V3 {huge:.1f} M, which does not fit. The MobileNets paper speaks of an "
        "updated PlaNet, and gives no number of cells."
    )
    return mobilenet, inception, first


def _count(row: Row) -> tuple[int, int]:
    if row.network in OTHERS:
        cost = count_other(OTHERS[row.network], row.classes)
        if row.classes != CELLS:
            return cost.mult_adds, cost.parameters
        # Only so do the printed figures fit each other: see `planet_notes`.
        aside = count_other(AUXILIARY, row.classes)
        return cost.mult_adds + aside.mult_adds, cost.parameters + aside.parameters
    network = mobilenet_v1(row.alpha, row.classes)
    if row.network == "shallow":
        kept = [layer for layer in network.layers if layer.name.split(".")[0] not in _DEEP]
        # Block 12 reads what block 6 gives, which has the same shape.
        ends = {"block11.pointwise": "block6.pointwise"}
        layers = [
            replace(layer, sources=tuple(ends.get(name, name) for name in layer.sources))
            for layer in kept
        ]
        network = replace(network, layers=tuple(layers))
    cost = count(network, row.resolution)
    if row.network == "full convolutions":
        return unfactorised(cost.layers)
    return cost.mult_adds, cost.parameters


def _note(row: Row) -> str:
    if row.classes == CELLS:
        return f"With {CELLS:,} cells: see below."
    return OTHERS[row.network].differs if row.network in OTHERS else ""


def _body(cost: Cost) -> tuple[int, int]:
    """Of a network with one class: parameters without the classifier's, and the classifier's."""
    last = next(layer for layer in reversed(cost.layers) if layer.parameters)
    return cost.parameters - last.parameters, last.parameters


def _off(ours: int, printed: str) -> float:
    paper = float(printed) * _MILLION
    return 100 * (ours - paper) / paper


def _same(ours: int, printed: str) -> bool:
    decimals = len(printed.partition(".")[2])
    rounded = f"{ours / _MILLION:.{decimals}f}" == printed
    return rounded or abs(_off(ours, printed)) <= _CLOSE
