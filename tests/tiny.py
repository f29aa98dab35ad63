"""Very small networks, written when a test needs one."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import numpy as np

from edgevision.zoo.graph import Graph, Operator, Tensor
from edgevision.zoo.writer import write

if TYPE_CHECKING:
    from pathlib import Path


def classifier(
    path: Path,
    *,
    dtype: str = "uint8",
    shape: tuple[int, ...] = (1, 8, 8, 3),
    inputs: int = 1,
    classes: int = 5,
    labels: str | None = None,
) -> Path:
    """Means of the colours, then a fully connected layer and (for floats) a softmax.

    Class i has the weights of `weights(classes)[i]`; integer inputs have scale 1/128, zero 127 of
    the byte. `labels` is packed into the file as TFLite's metadata has it.
    """
    real = dtype not in {"uint8", "int8"}
    image = Tensor("image", shape, dtype, *_quantised(dtype))
    others = [Tensor(f"other{n}", shape, dtype, *_quantised(dtype)) for n in range(inputs - 1)]
    graph = _floats(image, classes) if real else _integers(image, classes)
    tensors, operators, output = graph
    content = write(
        Graph(
            (image, *others, *tensors),
            tuple(operators),
            (image.name, *(other.name for other in others)),
            (output,),
        )
    )
    path.write_bytes(content + (_packed(labels) if labels is not None else b""))
    return path


def weights(classes: int) -> np.ndarray:
    """(classes, 3): class i leans to colour i % 3."""
    matrix = np.full((classes, 3), -0.25, np.float32)
    matrix[np.arange(classes), np.arange(classes) % 3] = 1 - 0.1 * (np.arange(classes) // 3)
    return matrix


def _quantised(dtype: str) -> tuple[tuple[float, ...], tuple[int, ...]]:
    zero = {"uint8": 127, "int8": -1}.get(dtype)
    return ((), ()) if zero is None else ((1 / 128,), (zero,))


def _floats(image: Tensor, classes: int) -> tuple[list[Tensor], list[Operator], str]:
    kind = "float32"
    tensors = [
        Tensor("axes", (2,), "int32", data=np.array([1, 2], np.int32)),
        Tensor("colours", (1, 3), kind),
        Tensor("weights", (classes, 3), kind, data=weights(classes)),
        Tensor("bias", (classes,), kind, data=np.zeros(classes, np.float32)),
        Tensor("logits", (1, classes), kind),
        Tensor("scores", (1, classes), kind),
    ]
    operators = [
        Operator("mean", (image.name, "axes"), "colours"),
        Operator("fully_connected", ("colours", "weights", "bias"), "logits"),
        Operator("softmax", ("logits",), "scores"),
    ]
    return tensors, operators, "scores"


def _integers(image: Tensor, classes: int) -> tuple[list[Tensor], list[Operator], str]:
    scale = 1 / 127
    stored = np.rint(weights(classes) / scale).astype(np.int8)
    step = ((1 / 128,), (-1,))
    tensors = [
        Tensor("bytes", image.shape, "int8", *step),
        Tensor("axes", (2,), "int32", data=np.array([1, 2], np.int32)),
        Tensor("colours", (1, 3), "int8", *step),
        Tensor("weights", (classes, 3), "int8", (scale,), (0,), data=stored),
        Tensor("bias", (classes,), "int32", (scale / 128,), (0,), data=np.zeros(classes, np.int32)),
        Tensor("logits", (1, classes), "int8", (2 / 127,), (0,)),
    ]
    operators = [
        Operator("mean", ("bytes", "axes"), "colours"),
        Operator("fully_connected", ("colours", "weights", "bias"), "logits"),
    ]
    if image.dtype == "int8":
        operators[0] = Operator("mean", (image.name, "axes"), "colours")
        return tensors[1:], operators, "logits"
    return tensors, [Operator("quantise", (image.name,), "bytes"), *operators], "logits"


def _packed(labels: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packing:
        packing.writestr("labels.txt", labels)
    return archive.getvalue()
