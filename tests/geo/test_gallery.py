from __future__ import annotations

import json

import numpy as np
import pytest

from edgevision.errors import ModelError, OutputError, WrittenError
from edgevision.geo.gallery import create_gallery, open_gallery
from edgevision.geo.manifest import MANIFEST
from edgevision.geo.voting import voted

BACKBONE = "ab" * 32


@pytest.fixture
def vectors(random):
    """Ten kinds of embeddings, twelve of each: kind i is number i, i + 10, …"""
    kinds = random.random((10, 64))
    return (kinds[np.arange(120) % 10] + 0.05 * random.random((120, 64))).astype(np.float32)


@pytest.fixture
def folder(tmp_path, vectors):
    """A gallery of them; kind i was taken at (5 i, 10 i)."""
    gallery = create_gallery(tmp_path / "gallery", BACKBONE, "net at 224 pixels", 64)
    add(gallery, vectors, range(120))
    gallery.commit()
    return tmp_path / "gallery"


def add(gallery, vectors, numbers):
    kinds = np.array(numbers) % 10
    rows = vectors[np.array(numbers) % 120]
    gallery.add([f"{number}.jpg" for number in numbers], 5.0 * kinds, 10.0 * kinds, rows)


def test_the_most_similar_photos_are_found_and_vote(folder, vectors):
    gallery = open_gallery(folder, BACKBONE)
    near = gallery.search(vectors[3], 8, without="3.jpg")
    assert len(near) == 8
    assert all(int(one.name[:-4]) % 10 == 3 for one in near)
    assert "3.jpg" not in {one.name for one in near}
    assert [one.similarity for one in near] == sorted(
        (one.similarity for one in near), reverse=True
    )
    place = voted(near).place(500, least_km=5)
    assert (place.lat, place.lon, place.radius_km) == pytest.approx((15, 30, 5), abs=1e-3)


def test_without_itself_a_photo_is_first(folder, vectors):
    assert open_gallery(folder, BACKBONE).search(vectors[7], 1)[0].name == "7.jpg"


def test_photos_can_be_added_and_taken_out(folder, vectors):
    gallery = open_gallery(folder, BACKBONE, writable=True)
    gallery.remove([f"{number}.jpg" for number in range(3, 120, 10)] + ["never there.jpg"])
    gallery.add(["new.jpg"], [-33.0], [151.0], vectors[3:4])
    gallery.commit()
    again = open_gallery(folder, BACKBONE)
    assert len(again) == 109
    assert "3.jpg" not in again
    assert again.place_of("new.jpg") == (-33, 151)
    near = again.search(vectors[3], 30)
    assert near[0].name == "new.jpg"
    assert all(int(one.name[:-4]) % 10 != 3 for one in near[1:])


def test_a_photo_that_is_added_again_takes_its_own_place(folder, vectors):
    gallery = open_gallery(folder, BACKBONE, writable=True)
    gallery.add(["0.jpg"], [60.0], [60.0], vectors[:1])
    gallery.commit()
    assert len(gallery) == 120
    assert open_gallery(folder, BACKBONE).place_of("0.jpg") == (60, 60)


def test_a_large_gallery_keeps_its_projection_and_takes_more(tmp_path, vectors, random):
    many = (vectors[np.arange(4200) % 120] + 0.02 * random.random((4200, 64))).astype(np.float32)
    gallery = create_gallery(tmp_path / "large", BACKBONE, "net", 64)
    kinds = np.arange(4200) % 10
    gallery.add([f"{number}.jpg" for number in range(4200)], 5.0 * kinds, 10.0 * kinds, many)
    gallery.commit()
    assert gallery.frozen
    gallery = open_gallery(tmp_path / "large", BACKBONE, writable=True)
    gallery.add(["late.jpg"], [1.0], [2.0], vectors[5:6])
    gallery.remove(["5.jpg"])
    gallery.commit()
    again = open_gallery(tmp_path / "large", BACKBONE)
    assert len(again) == 4200
    near = again.search(vectors[5], 15)
    assert "late.jpg" in {one.name for one in near}
    assert "5.jpg" not in {one.name for one in near}
    # A byte a number for 16 to 128 numbers, and the graph: far less than 64 floats with theirs.
    assert (tmp_path / "large" / "index-2.usearch").stat().st_size < 4300 * 400


def test_few_photos_are_compared_as_they_are(tmp_path, vectors):
    gallery = create_gallery(tmp_path / "few", BACKBONE, "net", 64)
    add(gallery, vectors, range(5))
    gallery.commit()
    assert open_gallery(tmp_path / "few", BACKBONE).search(vectors[2], 1)[0].name == "2.jpg"


def test_an_empty_gallery_finds_nothing(tmp_path, vectors):
    gallery = create_gallery(tmp_path / "none", BACKBONE, "net", 64)
    gallery.commit()
    assert open_gallery(tmp_path / "none", BACKBONE).search(vectors[0], 5) == ()


def test_only_one_generation_is_kept(folder, vectors):
    gallery = open_gallery(folder, BACKBONE, writable=True)
    add(gallery, vectors, [200])
    gallery.commit()
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["gallery.json", "index-2.usearch", "photos-2.npz"]


def test_a_commit_that_was_cut_off_leaves_the_gallery_as_it_was(folder, vectors):
    # As after a loss of power: the next generation's index is there, its manifest is not.
    (folder / "index-2.usearch").write_bytes(b"half")
    gallery = open_gallery(folder, BACKBONE, writable=True)
    assert len(gallery) == 120
    add(gallery, vectors, [200])
    gallery.commit()
    assert len(open_gallery(folder, BACKBONE)) == 121


def test_a_folder_that_cannot_be_made_is_told(tmp_path, vectors):
    (tmp_path / "file").write_text("")
    gallery = create_gallery(tmp_path / "file" / "gallery", BACKBONE, "net", 64)
    add(gallery, vectors, range(3))
    with pytest.raises(OutputError):
        gallery.commit()


def test_another_backbone_is_refused(folder):
    with pytest.raises(ModelError, match="made for the backbone abababababab"):
        open_gallery(folder, "cd" * 32)


@pytest.mark.parametrize("name", [MANIFEST, "index-1.usearch", "photos-1.npz"])
@pytest.mark.parametrize("content", [None, b"", b"\0" * 100])
def test_damage_is_one_line(folder, name, content):
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(ModelError, match="gallery"):
        open_gallery(folder, BACKBONE)


def test_a_later_version_is_refused(folder):
    about = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**about, "version": 2}))
    with pytest.raises(ModelError, match="version 2"):
        open_gallery(folder, BACKBONE)


@pytest.mark.parametrize(
    ("names", "lat", "lon", "width"),
    [
        (["a"], [95.0], [0.0], 64),
        (["a"], [0.0], [float("nan")], 64),
        ([""], [1.0], [1.0], 64),
        (["a"], [1.0], [1.0], 32),
        (["a", "b"], [1.0], [1.0], 64),
    ],
)
def test_what_cannot_be_added(tmp_path, names, lat, lon, width):
    gallery = create_gallery(tmp_path / "gallery", BACKBONE, "net", 64)
    with pytest.raises(WrittenError):
        gallery.add(names, lat, lon, np.ones((1, width), np.float32))
    assert len(gallery) == 0
