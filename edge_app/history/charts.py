"""Figures → SVG drawings, each with its title inside; no script, no file from elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Literal, NamedTuple

_WIDTH, _HEIGHT = 720, 220
_LEFT, _TOP, _BOTTOM = 56, 14, 30
_PLOT_WIDTH, _PLOT_HEIGHT = _WIDTH - _LEFT - 8, _HEIGHT - _TOP - _BOTTOM
_STRIP_HEIGHT = 26
#: Labels beneath the bars, at most; and the width of a character, at most.
_LABELS = 12
_CHARACTER = 7
_NICE = (1, 2, 2.5, 5, 10)
#: Of a count, what a quarter of the axis is: 3, so that it does not leap from 8 to 20.
_NICE_QUARTERS = (1, 2, 3, 5, 10)
#: Some colours are near white, as the page is.
_OUTLINE = 'stroke="#555" stroke-width="0.5"'
#: Above it there may be no next number; nothing that was seen comes near it.
_MOST = 1e300


#: Why there is no figure, or only the least of it; each has a pattern of the page's.
Missing = Literal["withheld", "not measured"]

#: What a legend's patches of them are filled with, as the page's patterns are.
MISSING: Mapping[Missing, str] = {
    "withheld": "repeating-linear-gradient(45deg, #f2f2f2 0 2px, #bbb 2px 3px)",
    "not measured": "radial-gradient(circle, #bbb 1px, #fff 1.5px) center / 4px 4px",
}


class Bar(NamedTuple):
    """One stack; label: beneath it. parts: by series; None where there is nothing to be said.

    missing: why that is; beside parts, why they are not all.
    """

    label: str
    parts: Mapping[str, float] | None
    missing: Missing | None = None


class Stretch(NamedTuple):
    """A part of a strip, from and to as fractions of its length."""

    start: float
    end: float
    colour: str
    label: str


def stacked_bars(
    title: str,
    unit: str,
    bars: Sequence[Bar],
    colours: Mapping[str, str],
    *,
    of_counts: bool = False,
    names_last: bool = False,
) -> str:
    """Bars of stacked parts, in the order of `colours`, before the pattern of what is missing.

    of_counts: nothing lies between two whole numbers. names_last: where not all labels have room,
    that of the last bar is there instead of that of the first one.
    """
    highest = max((sum((bar.parts or {}).values()) for bar in bars), default=0.0)
    top = _ceiling_of_counts(highest) if of_counts else _ceiling(highest)
    step = _PLOT_WIDTH / max(len(bars), 1)
    width = max(step * 0.8, 1.0)
    every = -(-len(bars) // _LABELS)
    drawn = [_axis(top, unit)]
    for number, bar in enumerate(bars):
        x = _LEFT + number * step + (step - width) / 2
        drawn += _bar(bar, x, width, top, colours)
        if (len(bars) - 1 - number if names_last else number) % every == 0:
            drawn.append(_name(bar.label, x + width / 2))
    return _drawing(title, _HEIGHT, drawn)


def strip(title: str, stretches: Sequence[Stretch], start: str, end: str) -> str:
    """One line from left to right; start, end: what its two ends are called."""
    drawn = [
        f'<rect x="{_LEFT + each.start * _PLOT_WIDTH:.2f}" y="4"'
        f' width="{(each.end - each.start) * _PLOT_WIDTH:.2f}" height="{_STRIP_HEIGHT}"'
        f' fill="{each.colour}"><title>{escape(each.label)}</title></rect>'
        for each in stretches
    ]
    y = _STRIP_HEIGHT + 20
    drawn.append(f'<text x="{_LEFT}" y="{y}">{escape(start)}</text>')
    drawn.append(f'<text x="{_WIDTH - 8}" y="{y}" text-anchor="end">{escape(end)}</text>')
    return _drawing(title, _STRIP_HEIGHT + 28, drawn)


def legend(colours: Mapping[str, str]) -> str:
    """The name of each colour."""
    names = "".join(
        f'<li><span style="background:{colour}"></span>{escape(name)}</li>'
        for name, colour in colours.items()
    )
    return f'<ul class="legend" aria-hidden="true">{names}</ul>'


def _drawing(title: str, height: int, drawn: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">'
        f"{''.join(drawn)}</svg>"
    )


def _axis(top: float, unit: str) -> str:
    lines = []
    for quarter in range(5):
        y = _TOP + _PLOT_HEIGHT * (1 - quarter / 4)
        lines.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - 8}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{top * quarter / 4:g}</text>'
        )
    lines.append(f'<text x="{_LEFT}" y="{_TOP - 4}">{escape(unit)}</text>')
    return "".join(lines)


def _name(label: str, x: float) -> str:
    """Beneath the middle of a bar, unless it would leave the drawing at its right."""
    anchor = "middle"
    if x + len(label) * _CHARACTER / 2 > _WIDTH:
        x, anchor = _WIDTH, "end"
    return f'<text x="{x:.1f}" y="{_HEIGHT - 10}" text-anchor="{anchor}">{escape(label)}</text>'


def _bar(bar: Bar, x: float, width: float, top: float, colours: Mapping[str, str]) -> list[str]:
    drawn = []
    if bar.missing is not None:
        some = "" if bar.parts is None else "some "
        drawn.append(
            f'<rect x="{x:.1f}" y="{_TOP}" width="{width:.1f}" height="{_PLOT_HEIGHT}"'
            f' fill="url(#{bar.missing.replace(" ", "-")})">'
            f"<title>{escape(f'{bar.label}: {some}{bar.missing}')}</title></rect>"
        )
    y = float(_TOP + _PLOT_HEIGHT)
    for name, colour in colours.items():
        value = (bar.parts or {}).get(name, 0.0)
        if value <= 0:
            continue
        height = min(value / top, 1.0) * _PLOT_HEIGHT
        y -= height
        drawn.append(
            f'<rect x="{x:.1f}" y="{y:.2f}" width="{width:.1f}" height="{height:.2f}"'
            f' fill="{colour}" {_OUTLINE}>'
            f"<title>{escape(f'{bar.label}: {name} {value:.1f}')}</title></rect>"
        )
    return drawn


def _ceiling(value: float) -> float:
    """The next number whose quarters are easy to read; finite, whatever the value."""
    if value <= 0:
        return 4.0
    value = min(value, _MOST)
    magnitude = 10.0 ** math.floor(math.log10(value))
    return next((nice * magnitude for nice in _NICE if nice * magnitude >= value), value)


def _ceiling_of_counts(count: float) -> float:
    """The next number whose quarters are whole and easy to read; finite, whatever the count."""
    quarter = min(count, _MOST) / 4
    if quarter <= 1:
        return 4.0
    magnitude = 10.0 ** math.floor(math.log10(quarter))
    steps = (nice * magnitude for nice in _NICE_QUARTERS)
    return 4 * next((step for step in steps if step >= quarter), quarter)
