"""What the benchmarks share: where things lie, what machine this is, results and their tables."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "benchmarks" / "results"
DATA = Path(os.environ.get("EDGEVISION_TEST_DATA", PROJECT.parent / "shared"))
_PACKAGES = ("edgevision", "ai-edge-litert", "numpy", "opencv-python-headless", "av")
# Programs that want to run, averaged over a minute; beyond this the machine is not idle.
_IDLE = 0.5
_MARKED = re.compile(
    r"(<!-- figures: (?P<name>[\w-]+) -->\n)(?P<body>.*?)(<!-- end -->)", re.DOTALL
)


def test_data(*parts: str) -> Path:
    """A file or folder of the test material; ends the program in one line if it is not there."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        sys.exit(f"there is no {path}: set EDGEVISION_TEST_DATA to the folder of the test material")
    return path


def add_results_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--results", type=Path, default=RESULTS, metavar="FOLDER", help="where the JSON is written"
    )


def machine() -> str:
    """The processor in words, without the maker's name for it, which virtual machines invent."""
    flags = set()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith(("flags", "Features")):
            flags.update(line.partition(":")[2].split())
    cores = len(os.sched_getaffinity(0))
    words = f"{cores} core{'s' if cores > 1 else ''} of an {_architecture()} processor"
    known = {"avx512_vnni": "AVX-512 VNNI", "avx2": "AVX2", "asimddp": "the dot-product extension"}
    words += next((f" with {name}" for flag, name in known.items() if flag in flags), "")
    return words + (", a virtual machine" if "hypervisor" in flags else "")


def _architecture() -> str:
    return {"x86_64": "x86-64", "aarch64": "ARM64"}.get(platform.machine(), platform.machine())


def circumstances() -> dict[str, Any]:
    """Machine, versions, day and how busy the machine was before; goes into every result."""
    versions = {"python": platform.python_version()}
    versions.update({package: version(package) for package in _PACKAGES})
    return {
        "machine": machine(),
        "versions": versions,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def last_json(command: Sequence[str | Path], folder: Path | None = None) -> Any:
    """Run `command`; the JSON that is the last line of its standard output.

    Args:
        command: program and arguments.
        folder: where it runs; None: here.

    Raises:
        RuntimeError: if it fails, with the last line of what it said.
    """
    return json.loads(_printed(command, folder).splitlines()[-1])


def edgevision(*arguments: str | Path) -> Any:
    """What a command of the installed program prints as JSON.

    Raises:
        RuntimeError: if it fails.
    """
    return json.loads(_printed([sys.executable, "-m", "edgevision", *arguments, "--json"], None))


def _printed(command: Sequence[str | Path], folder: Path | None) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        # As the program itself has it; numpy's own threads would take turns with the others.
        env={"OPENBLAS_NUM_THREADS": "1", **os.environ},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout.strip()
    if done.returncode != 0 or not said:
        why = done.stderr.strip().splitlines() or ["nothing was said"]
        raise RuntimeError(why[-1])
    return said


def save(folder: Path, name: str, results: Mapping[str, Any]) -> Path:
    """Write results as `name`.json."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.json"
    file.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return file


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; the first column is to the left, the others to the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    lines = [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]
    return "\n".join(lines) + "\n"


def marked(text: str) -> dict[str, str]:
    """What stands between the markers of a document, by name."""
    return {found["name"]: found["body"] for found in _MARKED.finditer(text)}


def with_figures(text: str, figures: Mapping[str, str]) -> str:
    """The document with what stands between its markers made anew.

    Raises:
        KeyError: if it has a marker that nobody makes.
    """
    return _MARKED.sub(lambda found: found[1] + figures[found["name"]] + found[4], text)


def measured_on(results: Mapping[str, Any]) -> str:
    """One sentence that says where, when and with what."""
    versions = results["versions"]
    names = {"ai-edge-litert": "LiteRT", "opencv-python-headless": "OpenCV", "python": "Python"}
    words = ", ".join(f"{name} {versions[key]}" for key, name in names.items() if key in versions)
    load = results["load_before"]
    busy = (
        f" Other programs were at work (load {load:.1f} before it began)." if load > _IDLE else ""
    )
    return f"Measured on {results['date']}, {results['machine']}; {words}.{busy}\n"
