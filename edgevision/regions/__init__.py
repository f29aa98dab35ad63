"""Where in the frame to look: one kind a file."""

from edgevision.kinds import Kind

KINDS = {
    "full": Kind("edgevision.regions.full:Full", "the whole frame, squeezed into a square"),
    "centre": Kind("edgevision.regions.centre:Centre", "the largest square in the middle"),
    "zone": Kind("edgevision.regions.zone:Zone", "a fixed rectangle"),
    "motion": Kind("edgevision.regions.motion:Motion", "what moves"),
    "zoom": Kind("edgevision.regions.zoom:Zoom", "the whole frame, then closer where it lit up"),
    "auto": Kind("edgevision.regions.auto:Auto", "what moves, and closer where it lit up"),
}
