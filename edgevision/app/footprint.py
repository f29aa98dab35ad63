"""How much memory a network takes: what a process that does nothing else has at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgevision.app.build import build_engine, build_model
from edgevision.app.process import peak_rss_mb, set_up_process

if TYPE_CHECKING:
    from edgevision.config.schema import Settings

# The runtime packs weights and touches its working memory by the second inference.
_INFERENCES = 3


def peak_mb(settings: Settings) -> float:
    """The most resident memory of this process once its network has run, in 10^6 bytes.

    Program, heads and network are in it, and neither a source nor an output.

    Raises:
        ModelError: if the network is missing, damaged, or cannot be resized so.
        EngineError: if no runtime runs it.
    """
    set_up_process()
    engine = build_engine(settings, build_model(settings), resolution=settings.model.resolution)
    for _ in range(_INFERENCES):
        engine.invoke()
    engine.close()
    return round(peak_rss_mb(), 1)
