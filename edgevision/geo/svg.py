"""A scene as one HTML file that asks no other host for anything: its picture is inline SVG."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from edgevision.geo.scene import NORTH, SEA, SOUTH, on_map

if TYPE_CHECKING:
    from edgevision.geo.scene import Legend, Scene, Shape

_WIDE: Final = 1440
_HIGH: Final = round(_WIDE * (NORTH - SOUTH) / 360)
_LINE: Final = 24  # between lines of the legend
_STYLE: Final = (
    "body{margin:1.5rem auto;max-width:1500px;padding:0 1rem;font:16px system-ui,sans-serif;"
    "color:#222;background:#fff}h1{font-size:1.2rem;font-weight:600}"
    "svg{width:100%;height:auto;border:1px solid #cbd3d8}"
)


def to_html(scene: Scene) -> str:
    """The page."""
    title = escape(scene.title)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n{to_svg(scene)}\n"
        "<p>Land: Natural Earth, 1:110 million.</p></body></html>\n"
    )


def to_svg(scene: Scene) -> str:
    """The picture alone."""
    shapes = "\n".join(_shape(shape) for shape in scene.shapes)
    return (
        f'<svg viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{escape(scene.title)}">'
        f'<rect width="{_WIDE}" height="{_HIGH}" fill="{SEA}"/>\n{shapes}\n'
        f"{_legend(scene.legend)}</svg>"
    )


def _shape(shape: Shape) -> str:
    points = on_map(shape.points, _WIDE)
    title = f"<title>{escape(shape.title)}</title>" if shape.title else ""
    if shape.kind in {"area", "line"}:
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        paint = f'fill="none" stroke="{shape.colour}" stroke-width="{2 * shape.size:.1f}"'
        if shape.kind == "area":
            path, paint = path + "Z", f'fill="{shape.colour}"'
        return f'<path d="{path}" {paint} opacity="{shape.opacity:.2f}">{title}</path>'
    x, y = points[0]
    return f'<g opacity="{shape.opacity:.2f}">{_marker(shape, x, y)}{title}</g>'


def _marker(shape: Shape | Legend, x: float, y: float) -> str:
    size = getattr(shape, "size", 1.0)
    if shape.kind == "dot":
        white = 'stroke="#fff" stroke-width="1"'
        return (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{7 * size:.1f}" fill="{shape.colour}" {white}/>'
        )
    if shape.kind == "ring":
        ring = f'fill="none" stroke="{shape.colour}" stroke-width="3"'
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{9 * size:.1f}" {ring}/>'
    if shape.kind == "cross":
        arm = 9 * size
        path = f"M{x - arm:.1f} {y:.1f}h{2 * arm:.1f}M{x:.1f} {y - arm:.1f}v{2 * arm:.1f}"
        white = f'<path d="{path}" stroke="#fff" stroke-width="6"/>'
        return f'{white}<path d="{path}" stroke="{shape.colour}" stroke-width="3"/>'
    box = f'x="{x - 8:.1f}" y="{y - 8:.1f}" width="16" height="16"'
    return f'<rect {box} fill="{shape.colour}" opacity="0.6"/>'


def _legend(rows: tuple[Legend, ...]) -> str:
    if not rows:
        return ""
    top = _HIGH - _LINE * len(rows) - 24
    width = 60 + 9 * max(len(row.text) for row in rows)
    box = f'x="14" y="{top}" width="{width}" height="{_LINE * len(rows) + 12}"'
    lines = [f'<rect {box} fill="#fff" opacity="0.85" rx="4"/>']
    for number, row in enumerate(rows):
        y = top + 18 + _LINE * number
        lines.append(_marker(row, 34, y))
        lines.append(
            f'<text x="54" y="{y + 5}" font-size="16" font-family="system-ui,sans-serif" '
            f'fill="#222">{escape(row.text)}</text>'
        )
    return "\n".join(lines) + "\n"
