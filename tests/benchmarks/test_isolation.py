from __future__ import annotations

import re
import subprocess
import sys


def test_the_same_network_is_timed_here_and_in_the_child(project, shared):
    model = shared / "models/mobilenet_v1_0.25_128_quant.tflite"
    done = subprocess.run(
        [sys.executable, project / "benchmarks/isolation.py", "--rounds", "5", model],
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(
        r"mobilenet_v1_0.25_128_quant: [\d.]+ ms here, [\d.]+ ms there: [+-][\d.]+ ms\n",
        done.stdout,
    )
