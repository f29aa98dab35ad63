"""What TFLite Metadata say about the input: by which mean and deviation the training normalised.

Source of the layout: `metadata_schema.fbs` 1.1.0 of tflite-support, and TensorFlow's `schema.fbs`
for the way to it. Read by hand, so that it costs next to nothing when a model is opened.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Final

from edgevision.zoo.flatbuffer import (
    BYTE,
    FLOAT,
    INT,
    UINT,
    field,
    follow,
    item,
    length,
    root,
    value,
)

_NAME: Final = b"TFLITE_METADATA"
_NORMALIZATION: Final = 1  # the first member of the union ProcessUnitOptions
_CHANNELS: Final = 3
_UINT8, _INT8 = 3, 9  # TensorType of schema.fbs
_LAST_BYTE: Final = 255

# Places of fields in their tables, in the order in which the schemas list them.
_MODEL_SUBGRAPHS, _MODEL_BUFFERS, _MODEL_METADATA = 2, 4, 6
_SUBGRAPH_TENSORS, _SUBGRAPH_INPUTS = 0, 1
_TENSOR_TYPE, _TENSOR_QUANTIZATION = 1, 4
_QUANTIZATION_SCALE, _QUANTIZATION_ZERO_POINT = 2, 3
_METADATA_NAME, _METADATA_BUFFER = 0, 1
_MODELMETADATA_SUBGRAPHS = 3
_SUBGRAPHMETADATA_INPUTS = 2
_TENSORMETADATA_UNITS = 4
_UNIT_TYPE, _UNIT_OPTIONS = 0, 1
_NORMALIZATION_MEAN, _NORMALIZATION_STD = 0, 1


@dataclass(frozen=True, slots=True)
class Normalisation:
    """What the training made of a byte: (byte - mean) / deviation.

    Attributes:
        mean, deviation: one value for all channels, or one for each of R, G, B.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @property
    def scaling(self) -> tuple[float, float] | None:
        """Mean and deviation if they are the same for every channel; else None."""
        if len(set(self.mean)) > 1 or len(set(self.deviation)) > 1:
            return None
        return self.mean[0], self.deviation[0]


def normalisation(content: bytes) -> Normalisation | None:
    """What the metadata of a TFLite file say about its first input; None if they do not tell.

    Args:
        content: the file, which may be damaged.

    Returns:
        None also where they say what the input's quantisation says already, which gives the bytes
        as they are to within a step.
    """
    try:
        found = _found(content)
        if found is None or _as_quantised(content, found):
            return None
    except struct.error:
        return None
    return found


def _found(content: bytes) -> Normalisation | None:
    inside = _metadata(content)
    if inside is None:
        return None
    subgraph = item(inside, follow(inside, root(inside), _MODELMETADATA_SUBGRAPHS), 0)
    if subgraph is None:
        return None
    image = item(inside, follow(inside, subgraph, _SUBGRAPHMETADATA_INPUTS), 0)
    units = None if image is None else follow(inside, image, _TENSORMETADATA_UNITS)
    for index in range(length(inside, units)):
        unit = item(inside, units, index)
        kind = None if unit is None else field(inside, unit, _UNIT_TYPE)
        if unit is None or kind is None or value(inside, BYTE, kind) != _NORMALIZATION:
            continue
        options = follow(inside, unit, _UNIT_OPTIONS)
        if options is not None:
            mean = _floats(inside, follow(inside, options, _NORMALIZATION_MEAN))
            deviation = _floats(inside, follow(inside, options, _NORMALIZATION_STD))
            return _checked(mean, deviation)
    return None


def _checked(mean: tuple[float, ...], deviation: tuple[float, ...]) -> Normalisation | None:
    """None for numbers that are no normalisation of bytes."""
    if {len(mean), len(deviation)} - {1, _CHANNELS}:
        return None
    # Comparisons are false for what is not a number, so that such values are refused as well.
    in_range = all(0 <= one <= _LAST_BYTE for one in mean) and all(
        0 < one <= _LAST_BYTE for one in deviation
    )
    return Normalisation(mean, deviation) if in_range else None


def _metadata(content: bytes) -> bytes | None:
    """The flatbuffer of the metadata, which lies in one of the model's buffers."""
    model = root(content)
    entries = follow(content, model, _MODEL_METADATA)
    for index in range(length(content, entries)):
        entry = item(content, entries, index)
        name = None if entry is None else follow(content, entry, _METADATA_NAME)
        if entry is None or name is None or length(content, name) != len(_NAME):
            continue
        if content[name + 4 : name + 4 + len(_NAME)] != _NAME:
            continue
        place = field(content, entry, _METADATA_BUFFER)
        number = 0 if place is None else int(value(content, UINT, place))
        buffer = item(content, follow(content, model, _MODEL_BUFFERS), number)
        data = None if buffer is None else follow(content, buffer, 0)
        return None if data is None else content[data + 4 : data + 4 + length(content, data)]
    return None


def _as_quantised(content: bytes, found: Normalisation) -> bool:
    """True if normalising and then quantising gives each byte (int8: less 128) to within a step."""
    tensor = _input(content)
    if tensor is None:
        return False
    kind = field(content, tensor, _TENSOR_TYPE)
    dtype = 0 if kind is None else value(content, BYTE, kind)
    quantisation = follow(content, tensor, _TENSOR_QUANTIZATION)
    if dtype not in (_UINT8, _INT8) or quantisation is None:
        return False
    scales = _floats(content, follow(content, quantisation, _QUANTIZATION_SCALE))
    points = follow(content, quantisation, _QUANTIZATION_ZERO_POINT)
    if len(scales) != 1 or not scales[0] > 0 or points is None or not length(content, points):
        return False
    zero_point = value(content, INT, points + 4)  # stored in 64 bits, but never beyond a byte
    shift = 128 if dtype == _INT8 else 0
    return all(
        abs((byte - mean) / deviation / scales[0] + zero_point - (byte - shift)) <= 1
        for byte in (0, _LAST_BYTE)
        for mean in found.mean
        for deviation in found.deviation
    )


def _input(content: bytes) -> int | None:
    """The table of the model's first input."""
    subgraph = item(content, follow(content, root(content), _MODEL_SUBGRAPHS), 0)
    inputs = None if subgraph is None else follow(content, subgraph, _SUBGRAPH_INPUTS)
    if subgraph is None or inputs is None or not length(content, inputs):
        return None
    number = int(value(content, INT, inputs + 4))
    return item(content, follow(content, subgraph, _SUBGRAPH_TENSORS), number)


def _floats(content: bytes, vector: int | None) -> tuple[float, ...]:
    """A vector of numbers; empty if it is longer than one for each channel."""
    count = length(content, vector)
    if vector is None or count > _CHANNELS:
        return ()
    values = (value(content, FLOAT, vector + 4 + 4 * index) for index in range(count))
    return tuple(one if math.isfinite(one) else math.nan for one in values)
