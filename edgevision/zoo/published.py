"""What others published: accuracies of trained MobileNets, and the rows of the MobileNets paper."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from typing import Final

from edgevision.zoo.labels import DATA


@dataclass(frozen=True, slots=True)
class Published:
    """An accuracy that somebody measured and published.

    Attributes:
        percent: top-1 on ImageNet's 50,000 validation photos, one crop of each.
        source: address of the page that has it.
    """

    percent: float
    source: str


def top1(family: str, alpha: float, resolution: int) -> Published | None:
    """What was published of the float checkpoint of that family, width and resolution.

    Returns:
        None if none was; MobileNetV2 with alpha 0.25, for example, was never given out trained.
    """
    return _grid().get((family, round(alpha, 4), resolution))


@cache
def _grid() -> dict[tuple[str, float, int], Published]:
    """The rows of data/published_top1.csv, copied from the checkpoints' own pages."""
    with (DATA / "published_top1.csv").open(encoding="utf-8", newline="") as file:
        return {
            (row["family"], float(row["alpha"]), int(row["resolution"])): Published(
                float(row["top1"]), row["source"]
            )
            for row in csv.DictReader(file)
        }


CELLS: Final = 9756
"""Cells of the globe that 10 M parameters of the last layer make: 10,000,000 / (1024 + 1)."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the MobileNets paper.

    Attributes:
        table: where it stands.
        model: as the paper calls it.
        mult_adds, parameters: millions, with the digits that are printed.
        top1: per cent, as printed, or None.
        network: what to count: a key of `families.FAMILIES`, a name of `others.OTHERS`, or "full
            convolutions" or "shallow" for these variants of MobileNet.
        alpha, resolution, classes: of it.
    """

    table: str
    model: str
    mult_adds: str
    parameters: str
    top1: float | None
    network: str = "mobilenet_v1"
    alpha: float = 1.0
    resolution: int = 224
    classes: int = 1000


PAPER: Final = (
    Row("4", "Conv MobileNet", "4866", "29.3", 71.7, "full convolutions"),
    Row("4", "MobileNet", "569", "4.2", 70.6),
    Row("5", "0.75 MobileNet", "325", "2.6", 68.4, alpha=0.75),
    Row("5", "Shallow MobileNet", "307", "2.9", 65.3, "shallow"),
    Row("6", "1.0 MobileNet-224", "569", "4.2", 70.6),
    Row("6", "0.75 MobileNet-224", "325", "2.6", 68.4, alpha=0.75),
    Row("6", "0.5 MobileNet-224", "149", "1.3", 63.7, alpha=0.5),
    Row("6", "0.25 MobileNet-224", "41", "0.5", 50.6, alpha=0.25),
    Row("7", "1.0 MobileNet-224", "569", "4.2", 70.6),
    Row("7", "1.0 MobileNet-192", "418", "4.2", 69.1, resolution=192),
    Row("7", "1.0 MobileNet-160", "290", "4.2", 67.2, resolution=160),
    Row("7", "1.0 MobileNet-128", "186", "4.2", 64.4, resolution=128),
    Row("8", "1.0 MobileNet-224", "569", "4.2", 70.6),
    Row("8", "GoogleNet", "1550", "6.8", 69.8, "GoogLeNet"),
    Row("8", "VGG 16", "15300", "138", 71.5, "VGG-16"),
    Row("9", "0.50 MobileNet-160", "76", "1.32", 60.2, alpha=0.5, resolution=160),
    Row("9", "Squeezenet", "1700", "1.25", 57.5, "SqueezeNet 1.0", resolution=227),
    Row("9", "AlexNet", "720", "60", 57.2, "AlexNet", resolution=227),
    Row("10", "Inception V3", "5000", "23.2", 84.0, "Inception V3", 1.0, 299, 120),
    Row("10", "1.0 MobileNet-224", "569", "3.3", 83.3, classes=120),
    Row("10", "0.75 MobileNet-224", "325", "1.9", 81.9, alpha=0.75, classes=120),
    Row("10", "1.0 MobileNet-192", "418", "3.3", 81.9, resolution=192, classes=120),
    Row("10", "0.75 MobileNet-192", "239", "1.9", 80.5, "mobilenet_v1", 0.75, 192, 120),
    Row("4.4", "PlaNet", "5740", "52", None, "Inception V3", 1.0, 299, CELLS),
    Row("4.4", "PlaNet MobileNet", "580", "13", None, classes=CELLS),
)
"""Howard et al. 2017 (arXiv 1704.04861): tables 4 to 9 (ImageNet), 10 (Stanford Dogs), and section
4.4 (PlaNet), which prints "0.58 Million" for MobileNet where it means a billion."""
