"""edgevision: what a small camera can recognise by itself."""

from importlib.metadata import version

__version__ = version("edgevision")
