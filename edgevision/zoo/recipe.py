"""How a network was quantised: all that calibration found out, so that photos are needed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from edgevision.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgevision.zoo.network import Network

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Step:
    """The grid of an int8 tensor: real = scale * (stored - zero_point), stored in -128..127."""

    scale: float
    zero_point: int


@dataclass(frozen=True)
class Recipe:
    """The numbers that turn float weights into one certain int8 network.

    Attributes:
        image: grid of the uint8 input; its zero point is what padding is filled with.
        steps: grid of what each layer gives, and of "vector".
        factors: by layer, what each channel of its output is multiplied with inside the network
            (the layers that read it divide), so that all channels fill the grid; at least 1 where
            a ReLU6 follows. A layer that is not named has ones.
        corrections: by layer, what is added to each bias, in the units of its (multiplied) output.
    """

    image: Step
    steps: Mapping[str, Step]
    factors: Mapping[str, Array]
    corrections: Mapping[str, Array]

    def to_json(self) -> dict[str, Any]:
        """Plain values; numbers come back exactly."""
        return {
            "image": [self.image.scale, self.image.zero_point],
            "steps": {name: [step.scale, step.zero_point] for name, step in self.steps.items()},
            "factors": {name: values.tolist() for name, values in self.factors.items()},
            "corrections": {name: values.tolist() for name, values in self.corrections.items()},
        }


def read_recipe(value: Any, network: Network) -> Recipe:
    """The recipe that `Recipe.to_json` gave.

    Raises:
        ModelError: if a part is missing or is not for `network`.
    """
    try:
        recipe = Recipe(
            Step(float(value["image"][0]), int(value["image"][1])),
            {name: Step(float(s), int(z)) for name, (s, z) in value["steps"].items()},
            {name: np.array(values, np.float64) for name, values in value["factors"].items()},
            {name: np.array(values, np.float64) for name, values in value["corrections"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"not a recipe: {error!r}") from error
    widths = {layer.name: layer.outputs for layer in network.layers}
    if recipe.steps.keys() != {*widths, "vector"}:
        raise ModelError(f"the recipe is not for {network.name}: its layers differ")
    for arrays in (recipe.factors, recipe.corrections):
        for name, array in arrays.items():
            if array.shape != (widths.get(name),):
                raise ModelError(f"the recipe is not for {network.name}: {name} has another width")
    return recipe
