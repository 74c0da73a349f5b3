"""Numbers → a plot as SVG text, which takes its ink from the page that it stands in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

_WIDTH, _BAR, _GAP = 760, 20, 8
_LEFT, _RIGHT = 190, 80
_PANEL, _TOP = 110, 26
_COLOUR = "#3987e5"


def bars(title: str, values: Mapping[str, float], unit: str) -> str:
    """One bar a name, in order; values from 0 on, the longest as wide as the plot."""
    height = _TOP + len(values) * (_BAR + _GAP) + _GAP
    longest = max(values.values(), default=0.0) or 1.0
    room = _WIDTH - _LEFT - _RIGHT

    def drawn() -> Iterator[str]:
        for place, (name, value) in enumerate(values.items()):
            y = _TOP + place * (_BAR + _GAP) + _GAP
            width = room * value / longest
            yield _text(_LEFT - 8, y + 14, name, anchor="end")
            size = f'width="{width:.1f}" height="{_BAR}"'
            yield f'<rect x="{_LEFT}" y="{y}" {size} fill="{_COLOUR}"/>'
            yield _text(_LEFT + width + 6, y + 14, f"{value:.2f} {unit}")

    return _svg(title, height, drawn())


def panels(
    title: str, time_s: Sequence[float], series: Mapping[str, Sequence[float | None]]
) -> str:
    """One panel a series above a common time; a value is left out where it is None.

    A series needs one value at least.
    """
    height = _TOP + len(series) * _PANEL + 24
    room, long_s = _WIDTH - _LEFT - _RIGHT, max(time_s[-1] - time_s[0], 1e-9)

    def drawn() -> Iterator[str]:
        for place, (name, values) in enumerate(series.items()):
            top, bottom = _TOP + place * _PANEL + 12, _TOP + (place + 1) * _PANEL - 8
            known = [
                (at, value) for at, value in zip(time_s, values, strict=True) if value is not None
            ]
            low, high = min(value for _, value in known), max(value for _, value in known)
            scale = (bottom - top) / ((high - low) or 1.0)
            points = " ".join(
                f"{_LEFT + room * (at - time_s[0]) / long_s:.1f},"
                f"{bottom - (value - low) * scale:.1f}"
                for at, value in known
            )
            yield _text(_LEFT - 8, (top + bottom) / 2, name, anchor="end")
            yield (
                f'<path d="M{_LEFT} {top}V{bottom}H{_WIDTH - _RIGHT}" fill="none"'
                ' stroke="currentColor" stroke-opacity="0.4"/>'
            )
            yield (
                f'<polyline points="{points}" fill="none" stroke="{_COLOUR}" stroke-width="1.5"/>'
            )
            yield _text(_WIDTH - _RIGHT + 6, top + 8, f"{high:.4g}")
            yield _text(_WIDTH - _RIGHT + 6, bottom, f"{low:.4g}")
        yield _text(_WIDTH - _RIGHT, height - 8, f"{long_s / 3600:.3g} h", anchor="end")

    return _svg(title, height, drawn())


def _svg(title: str, height: float, drawn: Iterator[str]) -> str:
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
        f' aria-label="{escape(title)}" font-family="sans-serif" font-size="12"'
        ' fill="currentColor">'
    )
    return "\n".join([opening, _text(8, 18, title), *drawn, "</svg>", ""])


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
