from __future__ import annotations

import sys
from pathlib import Path

# Tests of the pipeline share the small parts beside them.
sys.path.insert(0, str(Path(__file__).parent))
