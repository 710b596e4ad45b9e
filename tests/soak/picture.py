"""A plain picture of figures over time: a panel a figure, one above the other, as SVG."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, PANEL, LEFT, RIGHT, TOP, GAP = 720, 110, 70, 20, 44, 42
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1c2430}.s{font-size:11px;fill:#5b6472}.g{stroke:#d8dce2}"
    ".l{fill:none;stroke:#1d4ed8;stroke-width:1.5}rect{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#e5e7eb}.s{fill:#9aa4b2}.g{stroke:#333d4b}.l{stroke:#60a5fa}rect{fill:#14181f}}"
)


class Curve(NamedTuple):
    """A figure: what it is, its unit, and its values, evenly spaced."""

    name: str
    unit: str
    values: Sequence[float]


def picture(title: str, minutes: float, curves: Sequence[Curve]) -> str:
    """Draw curves over so many minutes, each from 0 to its largest value."""
    height = TOP + len(curves) * (PANEL + GAP)
    panels = "".join(_panel(curve, minutes, TOP + number * (PANEL + GAP)) for number, curve in enumerate(curves))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
        f'<style>{STYLE}</style><rect width="{WIDTH}" height="{height}"/>'
        f'<text x="{LEFT}" y="22" font-weight="600">{escape(title)}</text>{panels}</svg>\n'
    )


def _panel(curve: Curve, minutes: float, top: float) -> str:
    most = max(curve.values) * 1.1 or 1.0
    wide = WIDTH - LEFT - RIGHT
    step = wide / max(len(curve.values) - 1, 1)
    bottom = top + 14 + PANEL
    points = " ".join(
        f"{LEFT + n * step:.1f},{bottom - value / most * PANEL:.1f}" for n, value in enumerate(curve.values)
    )
    marks = "".join(
        f'<line class="g" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom - share * PANEL:.1f}" y2="{bottom - share * PANEL:.1f}"/>'
        f'<text class="s" x="{LEFT - 6}" y="{bottom - share * PANEL + 4:.1f}" text-anchor="end">{most * share:,.0f}</text>'
        for share in (0, 0.5, 1)
    )
    times = "".join(
        f'<text class="s" x="{LEFT + share * wide:.1f}" y="{bottom + 14}" text-anchor="middle">{minutes * share:.0f} min</text>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    )
    name = f'<text x="{LEFT}" y="{top + 8}">{escape(curve.name)} <tspan class="s">{escape(curve.unit)}</tspan></text>'
    return f'{name}{marks}{times}<polyline class="l" points="{points}"/>'
