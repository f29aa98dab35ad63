"""Any image file to RGB; Pillow, which edgevision does not use, writes them."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from edgevision.errors import PhotoError
from edgevision.pixels.header import read_header
from edgevision.pixels.photo import MOST_PIXELS, read_photo


@pytest.fixture
def picture():
    """(40, 60, 3): left half red, right half a ramp of grey."""
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, :30] = (200, 30, 10)
    pixels[:, 30:] = np.linspace(0, 255, 30, dtype=np.uint8)[None, :, None]
    return pixels


def near(one, other, most=3.0):
    assert one.shape == other.shape
    assert one.dtype == np.uint8
    assert np.abs(one.astype(int) - other.astype(int)).mean() <= most


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "webp", "jpg"])
def test_formats(tmp_path, picture, suffix):
    path = tmp_path / f"ä photo.{suffix}"
    exact = {"lossless": True} if suffix == "webp" else {"quality": 95}
    Image.fromarray(picture).save(path, **exact)
    pixels = read_photo(path)
    near(pixels, picture, most=4.0 if suffix == "jpg" else 0.0)
    header = read_header(path.read_bytes())
    assert (header.width, header.height, header.whole) == (60, 40, True)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path, picture, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "a.jpg"
    Image.fromarray(picture).save(path, quality=95, exif=exif)
    turned = {
        1: picture,
        2: picture[:, ::-1],
        3: np.rot90(picture, 2),
        4: picture[::-1],
        5: picture.transpose(1, 0, 2),
        6: np.rot90(picture, -1),
        7: np.rot90(picture.transpose(1, 0, 2), 2),
        8: np.rot90(picture, 1),
    }[orientation]
    near(read_photo(path), turned, most=4.0)


def test_grey(tmp_path, picture):
    Image.fromarray(picture[:, :, 0]).save(tmp_path / "a.png")
    near(read_photo(tmp_path / "a.png"), np.repeat(picture[:, :, :1], 3, axis=2), most=0.0)


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_sixteen_bits(tmp_path, picture, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(picture[:, :, 1].astype(np.uint16) * 257).save(path)
    near(read_photo(path), np.repeat(picture[:, :, 1:2], 3, axis=2), most=1.0)


def test_palette(tmp_path, picture):
    path = tmp_path / "a.png"
    Image.fromarray(picture).quantize(64).save(path)
    near(read_photo(path), picture, most=4.0)


def test_cmyk(tmp_path, picture):
    path = tmp_path / "a.jpg"
    Image.fromarray(picture).convert("CMYK").save(path, quality=95)
    near(read_photo(path), picture, most=6.0)


@pytest.mark.parametrize("suffix", ["png", "webp", "tiff"])
def test_what_is_transparent_is_white(tmp_path, picture, suffix):
    alpha = np.full((40, 60, 1), 255, np.uint8)
    alpha[:20], alpha[20:30] = 0, 128
    path = tmp_path / f"a.{suffix}"
    exact = {"lossless": True, "exact": True} if suffix == "webp" else {}
    Image.fromarray(np.concatenate([picture, alpha], axis=2)).save(path, **exact)
    share = alpha / 255
    near(read_photo(path), np.round(picture * share + 255 * (1 - share)), most=0.6)


def test_transparent_palette_and_sixteen_bit_alpha(tmp_path, picture):
    image = Image.fromarray(picture[:, :, 0]).convert("P")
    image.save(tmp_path / "p.png", transparency=0)
    assert (read_photo(tmp_path / "p.png")[picture[:, :, 0] == 0] == 255).all()
    deep = np.zeros((2, 2, 4), ">u2")
    deep[0] = (65535, 0, 0, 65535)
    deep[1] = (0, 0, 0, 0)
    (tmp_path / "d.png").write_bytes(png(deep.tobytes(), 2, 2, depth=16, colour=6))
    assert read_photo(tmp_path / "d.png").tolist() == [[[255, 0, 0]] * 2, [[255] * 3] * 2]


def test_one_pixel_and_very_wide(tmp_path):
    Image.new("RGB", (1, 1), (1, 2, 3)).save(tmp_path / "one.png")
    assert read_photo(tmp_path / "one.png").tolist() == [[[1, 2, 3]]]
    Image.new("RGB", (12000, 900), (90, 90, 90)).save(tmp_path / "wide.jpg")
    assert read_photo(tmp_path / "wide.jpg").shape == (900, 12000, 3)


def png(rows: bytes, width: int, height: int, *, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG of `rows`, which it neither checks nor needs to be whole."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    stride = len(rows) // height
    lines = b"".join(b"\0" + rows[n * stride : (n + 1) * stride] for n in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )


def test_a_decompression_bomb_is_refused_by_its_header(tmp_path):
    data = png(b"", 60000, 60000)
    for suffix, bomb in {
        "png": data,
        "bmp": b"BM" + struct.pack("<16xii26x", 50000, -50000),
    }.items():
        path = tmp_path / f"bomb.{suffix}"
        path.write_bytes(bomb)
        with pytest.raises(PhotoError, match=f"{MOST_PIXELS:,} pixels"):
            read_photo(path)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.9, 0.999])
def test_cut_off_files_are_damaged_and_not_grey(tmp_path, random, suffix, part, capfd):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(random.integers(0, 255, (200, 200, 3), np.uint8)).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(PhotoError, match="damaged"):
        read_photo(path)
    assert capfd.readouterr().err == ""


def test_a_thumbnails_end_is_not_the_photos(tmp_path, picture):
    """The Exif segment holds a whole small JPEG, with an end marker of its own."""
    small = io.BytesIO()
    Image.fromarray(picture).save(small, "JPEG")
    path = tmp_path / "a.jpg"
    Image.fromarray(picture).save(path, exif=b"Exif\0\0" + small.getvalue())
    assert read_header(path.read_bytes()).whole
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 300])
    with pytest.raises(PhotoError, match="damaged"):
        read_photo(path)
    path.write_bytes(whole + b"trailing data, as some phones add" * 9)
    assert read_photo(path).shape == (40, 60, 3)


def test_progressive_jpeg_is_whole(tmp_path, random):
    path = tmp_path / "a.jpg"
    Image.fromarray(random.integers(0, 255, (64, 64, 3), np.uint8)).save(path, progressive=True)
    assert read_header(path.read_bytes()).whole
    assert read_photo(path).shape == (64, 64, 3)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "empty"), (b"GIF89a" + bytes(50), "is no JPEG"), (b"hello", "is no JPEG")],
)
def test_what_is_no_photo(tmp_path, content, says):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(PhotoError, match=says):
        read_photo(path)


def test_missing_and_folder(tmp_path):
    with pytest.raises(PhotoError, match="no such file"):
        read_photo(tmp_path / "none.jpg")
    with pytest.raises(PhotoError, match="folder"):
        read_photo(tmp_path)
    with pytest.raises(PhotoError, match="cannot be read"):
        read_photo("a\0b")


@settings(max_examples=150)
@given(
    start=st.sampled_from(
        [
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n",
            b"RIFF\x20\0\0\0WEBPVP8 ",
            b"BM",
            b"II*\0",
            b"MM\0*",
        ]
    ),
    rest=st.binary(max_size=300),
    end=st.sampled_from([b"", b"\xff\xd9"]),
)
def test_random_bytes_give_a_photo_or_a_photo_error(tmp_path_factory, start, rest, end):
    path = tmp_path_factory.mktemp("random") / "a"
    path.write_bytes(start + rest + end)
    try:
        pixels = read_photo(path)
    except PhotoError as error:
        pixels = np.zeros((1, 1, 3), np.uint8) if str(path) in str(error) else None
    assert pixels.shape[2] == 3


def readable(path):
    try:
        read_photo(path)
    except PhotoError:
        return False
    return True


def test_the_three_damaged_photos(shared):
    folder = shared / "photos/exif-gps"
    damaged = {path.name for path in folder.glob("*.jpg") if not readable(path)}
    assert damaged == {
        "damaged_truncated_in_exif.jpg",
        "damaged_truncated_middle.jpg",
        "damaged_zero_length.jpg",
    }
