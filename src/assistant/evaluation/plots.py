"""Plots as SVG text: no library, no outside asset, readable in light and in dark."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT = 640, 380
LEFT, RIGHT, BOTTOM = 84, 28, 52
LEGEND = 20
STYLE = """
.plot{--ink:#1d2733;--soft:#5b6775;--grid:#d9dfe6;--s0:#1f5fa8;--s1:#b4540a;--s2:#2b7a4b;--s3:#7a3fa0;--zone:#2b7a4b22;
 font:13px system-ui,sans-serif;max-width:100%;height:auto}
@media(prefers-color-scheme:dark){.plot{--ink:#e6ebf1;--soft:#a4b0bd;--grid:#38434f;--s0:#7db4ee;--s1:#f0a35e;--s2:#74c796;--s3:#c79be6;--zone:#74c79622}}
.plot text{fill:var(--soft)}.plot .name{fill:var(--ink)}.plot .grid{stroke:var(--grid);stroke-width:1}
.plot .line{fill:none;stroke-width:2.2}.plot .zone{fill:var(--zone)}.plot .bar{fill:var(--s0)}
.plot .track{fill:var(--grid)}
"""
"""Colours of contrast 4.5 or more on white and on near-black; series differ by dashes too."""
DASHES = ("", "7 4", "2 3", "9 3 2 3")


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its label, its range, where it is marked, and how numbers are written on it."""

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]
    show: Callable[[float], str]
    log: bool = False

    def place(self, value: float) -> float:
        """Return where *value* lies, from 0 (low) to 1 (high); values beyond are cut off."""
        scale: Callable[[float], float] = math.log10 if self.log else float
        low, high = scale(self.low), scale(self.high)
        share = (scale(max(value, self.low) if self.log else value) - low) / (high - low)
        return min(max(share, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Series:
    """A line: points in order of x, and points to mark with their words."""

    name: str
    points: tuple[tuple[float, float], ...]
    marks: tuple[tuple[float, float, str], ...] = ()
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over two axes.

    Attributes:
        title: What the chart shows, for those who do not see it.
        zone: (x low, y low, x high, y high) of the area where one wants to be, or None.
    """

    title: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    zone: tuple[float, float, float, float] | None = None
    style: str = field(default="")

    @property
    def _top(self) -> float:
        """Where the plot begins, under its legend."""
        return 12 + LEGEND * len(self.series)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + self.x.place(x) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - self.y.place(y) * (HEIGHT - self._top - BOTTOM),
        )

    def _axes(self) -> list[str]:
        right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
        parts = []
        for tick in self.y.ticks:
            y = self._at(self.x.low, tick)[1]
            parts.append(f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(
                f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{escape(self.y.show(tick))}</text>'
            )
        for tick in self.x.ticks:
            x = self._at(tick, self.y.low)[0]
            parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{self._top}" y2="{bottom}"/>')
            parts.append(
                f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{escape(self.x.show(tick))}</text>'
            )
        parts.append(
            f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 12}" '
            f'text-anchor="middle">{escape(self.x.label)}</text>'
        )
        middle = (self._top + bottom) / 2
        parts.append(
            f'<text x="14" y="{middle}" text-anchor="middle" transform="rotate(-90 14 '
            f'{middle})">{escape(self.y.label)}</text>'
        )
        return parts

    def _line(self, number: int, series: Series) -> list[str]:
        colour = f"var(--s{number % 4})"
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self._at(*p) for p in series.points))
        dashes = DASHES[number % 4]
        parts = [f'<polyline class="line" stroke="{colour}" stroke-dasharray="{dashes}" points="{path}"/>']
        for x, y in (self._at(*p) for p in series.points) if series.dots else ():
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>')
        for *point, words in series.marks:
            x, y = self._at(point[0], point[1])
            anchor, shift = ("end", -10) if x > WIDTH / 2 else ("start", 10)
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" fill="{colour}"/>')
            parts.append(
                f'<text class="name" x="{x + shift:.1f}" y="{y - 10 - 14 * number:.1f}" '
                f'text-anchor="{anchor}">{escape(words)}</text>'
            )
        return parts

    def _legend(self) -> list[str]:
        parts = []
        for number, series in enumerate(self.series):
            y = 16 + LEGEND * number
            parts.append(
                f'<line class="line" x1="{LEFT + 12}" x2="{LEFT + 44}" y1="{y - 4}" y2="{y - 4}" '
                f'stroke="var(--s{number % 4})" stroke-dasharray="{DASHES[number % 4]}"/>'
            )
            parts.append(f'<text class="name" x="{LEFT + 52}" y="{y}">{escape(series.name)}</text>')
        return parts

    def svg(self) -> str:
        """Return the chart as an SVG element, its style inside if it was given one."""
        parts = []
        if self.zone is not None:
            (x0, y0), (x1, y1) = self._at(*self.zone[:2]), self._at(*self.zone[2:])
            parts.append(
                f'<rect class="zone" x="{x0:.1f}" y="{y1:.1f}" width="{x1 - x0:.1f}" height="{y0 - y1:.1f}"/>'
            )
        parts += self._axes()
        for number, series in enumerate(self.series):
            parts += self._line(number, series)
        parts += self._legend()
        return _element(self.title, HEIGHT, parts, self.style)


def bars(title: str, values: Sequence[tuple[str, float, str]]) -> str:
    """Return horizontal bars as an SVG element: (name, length from 0 to 1, words beside it)."""
    parts, start, row = [], 310, 30
    for number, (name, share, words) in enumerate(values):
        y = 8 + row * number
        full = WIDTH - start - 70
        parts += [
            f'<text class="name" x="{start - 10}" y="{y + 15}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="track" x="{start}" y="{y + 2}" width="{full}" height="18" rx="3"/>',
            f'<rect class="bar" x="{start}" y="{y + 2}" width="{share * full:.1f}" height="18" rx="3"/>',
            f'<text class="name" x="{start + full + 8}" y="{y + 15}">{escape(words)}</text>',
        ]
    return _element(title, 16 + row * len(values), parts, "")


def _element(title: str, height: int, parts: Sequence[str], style: str) -> str:
    inner = f"<style>{style}</style>" if style else ""
    return (
        f'<svg class="plot" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" '
        f'height="{height}" role="img" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{inner}{"".join(parts)}</svg>'
    )
