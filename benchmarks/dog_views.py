"""The ways to look at a photo of a dog that are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from measuring import test_data

from edgevision.app.build import build_network
from edgevision.cli.flags import settings_from

if TYPE_CHECKING:
    from edgevision.app.build import Network

CORAL: Final = "mobilenet_v1_1.0_224_quant_embedding_extractor"
DEFAULT: Final = "efficientnet_lite0"
LARGER: Final = "efficientnet_lite2"
# What photos get where no network is named: the mirror image goes to the larger one.
BOTH: Final = "default"


@dataclass(frozen=True)
class View:
    """A way to look at a photo."""

    model: str
    side: int
    mirror: bool

    @property
    def key(self) -> str:
        """For results."""
        return f"{self.model}@{self.side}{'+mirror' if self.mirror else ''}"

    @property
    def says(self) -> str:
        """For tables."""
        return f"`{DEFAULT}`, `{LARGER}`" if self.model == BOTH else f"`{self.model}`"

    def network(self, task: str) -> Network:
        """What looks so."""
        given: dict[str, Any] = {"model": self.model, "region.mirror": self.mirror}
        given["models.folder"] = str(test_data("models"))
        given["model.resolution"] = self.side
        return build_network(settings_from(None, task=task, **given), photos=True)


_SIDES: Final = {
    DEFAULT: (192, 224, 256, 288),
    LARGER: (224, 256, 288),
    "mobilenet_v2": (224, 256),
}
VIEWS: Final = (
    *(
        View(model, side, mirror)
        for model, sides in _SIDES.items()
        for side in sides
        for mirror in (False, True)
    ),
    View(BOTH, 256, mirror=True),
)
# By network: first what the others are compared with, last how photos are looked at now.
FINALISTS: Final[tuple[tuple[View, ...], ...]] = (
    (
        View(DEFAULT, 224, mirror=False),
        View(DEFAULT, 256, mirror=True),
        View(LARGER, 288, mirror=True),
        View(BOTH, 256, mirror=True),
    ),
    (View("mobilenet_v2", 224, mirror=False), View("mobilenet_v2", 224, mirror=True)),
    (View(CORAL, 224, mirror=False), View(CORAL, 224, mirror=True)),
)

TASKS: Final = ("dogs", "classify")
"""What is chosen by: breeds of known dogs, and classes of new photos without a dog."""
