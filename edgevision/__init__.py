"""edgevision: what a small camera can recognise by itself."""

import os

__version__ = "0.1.0"

# Numpy's own threads would only take cores from the interpreter and the decoder: they wait for
# work by spinning. They are made when numpy is imported, which is after this.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
