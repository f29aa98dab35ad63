"""edgevision: what a small camera can recognise by itself."""

__version__ = "0.1.0"
