from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgevision.values.tensor import Tensor, TensorSpec

specs = st.builds(
    TensorSpec,
    st.just((4,)),
    st.sampled_from(["uint8", "int8"]),
    st.floats(1e-4, 10),
    st.integers(-128, 127),
)


@given(specs, st.lists(st.floats(-1e3, 1e3), min_size=4, max_size=4))
def test_quantising_errs_by_half_a_step_inside_the_range_and_saturates_outside(spec, real):
    limits = np.iinfo(spec.dtype)
    back = spec.dequantise(spec.quantise(real))
    low = (limits.min - spec.zero_point) * spec.scale
    high = (limits.max - spec.zero_point) * spec.scale
    wanted = np.clip(np.array(real), low, high)
    assert np.all(np.abs(back - wanted) <= spec.scale * 0.5001 + 1e-3)


def test_an_unquantised_tensor_is_read_as_it_is():
    values = np.array([0.5, -2], np.float32)
    assert Tensor(values, TensorSpec((2,), "float32")).real().tolist() == [0.5, -2]


def test_the_quantisation_of_softmax_is_recognised():
    assert TensorSpec((1001,), "uint8", 1 / 256, 0).holds_probabilities
    assert TensorSpec((1001,), "int8", 1 / 256, -128).holds_probabilities
    assert not TensorSpec((1001,), "uint8", 0.1, 60).holds_probabilities
    assert not TensorSpec((1001,), "float32").holds_probabilities
