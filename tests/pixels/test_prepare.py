from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from edgevision.pixels.photo import read_photo
from edgevision.pixels.prepare import Preparer, plane_for, shrink
from edgevision.values.box import FULL, Box
from edgevision.values.frame import Frame
from edgevision.values.tensor import TensorSpec


def pillow(pixels: np.ndarray, side: int) -> np.ndarray:
    resized = Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(resized).astype(int)


def smooth_scene(height: int, width: int, seed: int) -> np.ndarray:
    """A picture with detail at every scale, as photos have, down to single pixels."""
    random = np.random.default_rng(seed)
    scene = np.zeros((height, width, 3))
    for cells in (2, 5, 11, 23, 47, 97):
        coarse = random.uniform(0, 1, (cells, cells, 3))
        rows = np.linspace(0, cells - 1, height).astype(int)
        columns = np.linspace(0, cells - 1, width).astype(int)
        scene += coarse[rows][:, columns] / cells**0.5
    return (255 * scene / scene.max()).astype(np.uint8)


@pytest.mark.parametrize("side", [128, 160, 192, 224])
@pytest.mark.parametrize("size", [(720, 1280), (480, 854), (1080, 1920), (361, 641), (300, 300)])
def test_close_to_pillows_antialiased_resize(side, size):
    scene = smooth_scene(*size, seed=side)
    out = np.empty((side, side, 3), np.uint8)
    shrink(scene, out)
    distance = np.abs(out.astype(int) - pillow(scene, side))
    assert distance.mean() < 2.5
    assert np.percentile(distance, 99) < 30


def test_close_to_pillow_on_a_camera_frame(shared):
    photo = read_photo(min((shared / "photos/landmarks/test").glob("*/*.jpg")))[:, :-1]
    out = np.empty((192, 192, 3), np.uint8)
    shrink(photo, out)
    assert np.abs(out.astype(int) - pillow(photo, 192)).mean() < 2.5


def test_fine_stripes_become_grey_and_do_not_alias():
    stripes = np.zeros((720, 1280, 3), np.uint8)
    stripes[:, ::2] = 255
    out = np.empty((192, 192, 3), np.uint8)
    shrink(stripes, out)
    assert abs(out.mean() - 127.5) < 2
    assert out.std() < 6


@settings(max_examples=60)
@given(st.integers(1, 700), st.integers(1, 700), st.sampled_from([8, 32, 96]))
def test_every_size_gives_a_full_tensor_of_the_same_grey(height, width, side):
    out = np.zeros((side, side, 3), np.uint8)
    shrink(np.full((height, width, 3), 97, np.uint8), out)
    assert out.min() == out.max() == 97


def test_only_the_box_is_seen():
    pixels = np.zeros((100, 200, 3), np.uint8)
    pixels[20:60, 100:160] = 200
    tensor = np.empty((32, 32, 3), np.uint8)
    Preparer(TensorSpec((32, 32, 3), "uint8"))(pixels, Box(0.5, 0.2, 0.3, 0.4), tensor)
    assert tensor.min() == tensor.max() == 200


def test_uint8_takes_the_bytes_as_they_are_whatever_its_quantisation():
    pixels = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
    tensor = np.empty((8, 8, 3), np.uint8)
    Preparer(TensorSpec((8, 8, 3), "uint8", 1 / 128, 127))(pixels, FULL, tensor)
    assert np.array_equal(tensor, pixels)


def test_int8_takes_the_bytes_less_128():
    pixels = np.full((8, 8, 3), 3, np.uint8)
    tensor = np.empty((8, 8, 3), np.int8)
    Preparer(TensorSpec((8, 8, 3), "int8", 1 / 128, 0))(pixels, FULL, tensor)
    assert np.all(tensor == 3 - 128)


def test_float_is_minus_one_to_one_unless_told_otherwise():
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[4:] = 255
    tensor = np.empty((8, 8, 3), np.float32)
    Preparer(TensorSpec((8, 8, 3), "float32"))(pixels, FULL, tensor)
    assert tensor.min() == -1
    assert tensor.max() == 1
    Preparer(TensorSpec((8, 8, 3), "float32"), mean=0, deviation=255)(pixels, FULL, tensor)
    assert tensor.min() == 0
    assert tensor.max() == 1


def test_a_normalisation_is_quantised_for_integer_inputs():
    spec = TensorSpec((8, 8, 3), "int8", 0.02, -10)
    pixels = np.full((8, 8, 3), 200, np.uint8)
    tensor = np.empty((8, 8, 3), np.int8)
    Preparer(spec, mean=120, deviation=60)(pixels, FULL, tensor)
    assert np.all(tensor == round((200 - 120) / 60 / 0.02) - 10)


def test_the_cameras_small_picture_is_taken_for_the_whole_frame_only_and_if_large_enough():
    large, small = np.full((90, 160, 3), 10, np.uint8), np.full((32, 32, 3), 99, np.uint8)
    frame = Frame(large, 0, 0.0, "yard", small=small)
    tensor = np.empty((32, 32, 3), np.uint8)
    assert plane_for(frame, FULL, tensor) is small
    assert plane_for(frame, Box(0.0, 0.0, 0.5, 1.0), tensor) is frame.pixels
    assert plane_for(frame, FULL, np.empty((64, 64, 3), np.uint8)) is frame.pixels
    assert plane_for(Frame(large, 0, 0.0, "yard"), FULL, tensor) is large
