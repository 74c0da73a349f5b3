"""A matplotlib figure → SVG that stands in a page and takes the page's colour for its ink."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

#: Drawn in this, written as `currentColor`: black on a light page, white on a dark one.
INK = "#0a0b0c"
BLUE, ORANGE = "#3987e5", "#d95926"


@contextmanager
def style() -> Iterator[None]:
    """Draw within this: ink for text and lines, no background."""
    settings: dict[Any, Any] = {
        "axes.edgecolor": INK, "axes.labelcolor": INK, "axes.spines.right": False,
        "axes.spines.top": False, "axes.titlesize": 10, "font.size": 9, "grid.alpha": 0.2,
        "grid.color": INK, "legend.frameon": False, "lines.linewidth": 2, "text.color": INK,
        "xtick.color": INK, "ytick.color": INK,
    }  # fmt: skip
    with mpl.rc_context(settings):
        yield


def inline_svg(figure: Figure, name: str, description: str) -> str:
    """The figure as an `<svg>` element, the same bytes for the same figure.

    name: starts every id, so that pictures on one page do not meet; description: for readers who
    do not see it, plain text without markup characters.
    """
    written = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(written, format="svg", transparent=True, metadata=nothing)
    element = written.getvalue()
    element = element[element.index("<svg") :]
    element = re.sub(r'\bid="', f'id="{name}-', element)
    element = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", element)
    element = element.replace("<svg", f'<svg role="img" aria-label="{description}"', 1)
    return element.replace(INK, "currentColor")
