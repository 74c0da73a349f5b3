"""Figures by split → one HTML file that takes no script, font or picture from elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from trainer.replacing import write_beside
from trainer.report import TITLES
from trainer.reports.figures import SplitFigures
from trainer.reports.sections import split_section

STYLE = """
:root { color-scheme: light dark; --ink: #1a1a19; --page: #fcfcfb; --line: #d8d7d0; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #f0efea; --page: #1a1a19; --line: #45443f; }
}
body { color: var(--ink); background: var(--page); font: 15px/1.5 system-ui, sans-serif;
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
table { margin: 0.5rem 0; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.2rem 0.7rem; border-bottom: 1px solid var(--line); text-align: right; }
th:first-child, td:first-child, .about td { text-align: left; }
code { overflow-wrap: anywhere; }
svg { max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
.plots { display: flex; flex-wrap: wrap; gap: 1rem; }
.plots figure, .wide figure { margin: 0; min-width: 0; }
"""


@dataclass(frozen=True, slots=True)
class Heading:
    """What a report says of itself; hashes are SHA-256 in hexadecimal digits.

    learned: how many of the data's faces the model has learned from, as far as its card tells.
    """

    title: str
    model: str
    model_sha256: str
    data_sha256: str
    date: dt.date
    learned: int = 0


def write_report(path: Path, heading: Heading, splits: Mapping[str, SplitFigures]) -> None:
    """Write the report in one step, so that `path` is never half a report.

    splits: figures by a key of `report.TITLES`.

    Raises:
        WriteError: the file cannot be written.
    """
    write_beside(path, page(heading, splits))


def page(heading: Heading, splits: Mapping[str, SplitFigures]) -> str:
    """The report as HTML, the same text for the same figures."""
    title = escape(heading.title)
    rows = {
        "Model": escape(heading.model),
        "SHA-256 of the model": f"<code>{escape(heading.model_sha256)}</code>",
        "SHA-256 of the data": f"<code>{escape(heading.data_sha256)}</code>",
        "Date": heading.date.isoformat(),
    }
    if heading.learned:
        rows["Learned from"] = f"{heading.learned} faces of this data, its Training"
    about = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows.items())
    sections = "".join(
        split_section(name, TITLES[name], figures) for name, figures in splits.items()
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
        f"<style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n"
        f'<div class="wide"><table class="about">{about}</table></div>\n'
        f"{sections}</body></html>\n"
    )
