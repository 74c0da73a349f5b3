"""A title and sections → one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 760px; margin: 2rem auto;
  padding: 0 1rem; }
h2 { margin-top: 3rem; border-bottom: 2px solid #222; overflow-wrap: anywhere; }
svg { width: 100%; height: auto; }
svg text { font: 11px system-ui, sans-serif; fill: #444; }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; white-space: nowrap; }
th, td { padding: 0.1rem 0.8rem 0.1rem 0; text-align: right; border-bottom: 1px solid #ddd; }
td, tbody th { white-space: nowrap; }
table.words td { white-space: normal; }
th:first-child, td:first-child, table.words th, table.words td { text-align: left; }
.scroll { overflow-x: auto; }
.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: 0 1rem; }
.legend span { display: inline-block; width: 0.8em; height: 0.8em; margin-right: 0.4em;
  outline: 1px solid #555; }
.note { background: #f4f4f0; padding: 0.5rem 1rem; border-left: 4px solid #888; }
.hidden { position: absolute; width: 0; height: 0; }
"""

#: Hatching and dots, for every chart of the page.
_PATTERNS = (
    '<svg class="hidden" aria-hidden="true"><defs><pattern id="withheld" width="6" height="6"'
    ' patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6"'
    ' fill="#f2f2f2"/><line x1="0" y1="0" x2="0" y2="6" stroke="#bbb" stroke-width="2"/>'
    '</pattern><pattern id="not-measured" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<circle cx="3" cy="3" r="0.8" fill="#bbb"/></pattern></defs></svg>'
)


def page(title: str, sections: Iterable[str]) -> str:
    """The whole file. The policy in its head forbids it to fetch or run anything."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{_PATTERNS}"
        f"<h1>{escape(title)}</h1>\n" + "\n".join(sections) + "\n</body></html>\n"
    )


def paragraph(text: str, *, is_note: bool = False) -> str:
    """Text, in a box where it is a note."""
    kind = ' class="note"' if is_note else ""
    return f"<p{kind}>{escape(text)}</p>"


def heading(text: str, level: int) -> str:
    """level: 2 or 3."""
    return f"<h{level}>{escape(text)}</h{level}>"


def table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], *, of_words: bool = False
) -> str:
    """The first column names the row. of_words: to the left instead of the right."""
    columns = "".join(f'<th scope="col">{escape(each)}</th>' for each in head)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(each)}</td>" for each in row[1:])
        + "</tr>"
        for row in rows
    )
    kind = ' class="words"' if of_words else ""
    return (
        f'<div class="scroll"><table{kind}><caption>{escape(caption)}</caption>'
        f"<thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table></div>"
    )
