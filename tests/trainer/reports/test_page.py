import datetime as dt
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.trainer.reports.examples import figures
from trainer.replacing import WriteError
from trainer.reports.page import Heading, page, write_report

HEADING = Heading("Figures <of> today", "emotion & more", "ab" * 32, "cd" * 32, dt.date(2024, 5, 6))
BOTH = {"public_test": figures(), "private_test": figures(())}


class Reader(HTMLParser):
    """Collects tables' rows and attributes, and minds that elements are closed."""

    VOID = frozenset({"meta"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def test_nothing_comes_from_elsewhere() -> None:
    text = page(HEADING, BOTH)
    read = Reader(text)
    assert not {"script", "link", "img", "iframe", "image"} & set(read.tags)
    for name, value in read.attributes:
        if name.split(":")[-1] in {"href", "src"}:
            assert (value or "").startswith("#")
    assert "@import" not in text
    assert set(re.findall(r"url\((.)", text)) == {"#"}


def test_ids_are_unique_over_all_pictures() -> None:
    ids = [value for name, value in Reader(page(HEADING, BOTH)).attributes if name == "id"]
    assert len(ids) == len(set(ids)) > 100


def test_the_same_figures_are_the_same_page() -> None:
    assert page(HEADING, BOTH) == page(HEADING, {**BOTH, "public_test": figures()})


def test_the_head_says_what_was_measured() -> None:
    text = page(HEADING, BOTH)
    rows = Reader(text).rows
    assert ["Model", "emotion & more"] in rows
    assert ["SHA-256 of the model", "ab" * 32] in rows
    assert ["SHA-256 of the data", "cd" * 32] in rows
    assert ["Date", "2024-05-06"] in rows
    assert "<title>Figures &lt;of&gt; today</title>" in text


def test_tables_hold_the_numbers() -> None:
    made = figures()
    report, rows = made.report, Reader(page(HEADING, {"public_test": made})).rows
    assert ["Accuracy", f"{report.accuracy:.1%}"] in rows
    assert ["Agreement with FER+'s majority, 0 faces", "-"] in rows
    assert ["… as FER+'s authors count, 0 faces", "-"] in rows
    fear = report.confusion[2]
    assert ["fear", *map(str, fear)] in rows
    assert ["fear", "20", f"{report.recall['fear']:.1%}", f"{report.precision['fear']:.1%}"] in rows
    after = f"{made.reliability.error_after:.1%}"
    assert ["Calibration error at temperature 1.50", after] in rows
    assert ["Fog", "half <a>", "76.5%", "3.5", "whole", "60.0%", "20.0"] in rows
    chosen = made.risk_coverage.chosen
    assert chosen is not None
    thresholds = [row for row in rows if re.match(r"0\.\d\d", row[0])]
    marked = [row for row in thresholds if "card" in row[0]]
    assert marked == [["0.34 (the card's)", f"{chosen.coverage:.1%}", f"{chosen.error:.1%}"]]
    assert [row[0] for row in thresholds] == sorted(row[0] for row in thresholds)


def test_a_class_without_faces_has_no_recall() -> None:
    made = figures(without=1)
    rows = Reader(page(HEADING, {"public_test": made})).rows
    precision = made.report.precision["disgust"]
    assert ["disgust", "0", "-", f"{precision:.1%}"] in rows


def test_conditions_stand_only_where_they_were_measured() -> None:
    assert page(HEADING, BOTH).count("<h3>Conditions</h3>") == 1
    assert page(HEADING, BOTH).count("<svg") == 4 + 3


def test_a_written_report_is_the_page_and_touches_no_other_file(tmp_path: Path) -> None:
    path, other = tmp_path / "report.html", tmp_path / "new-report.html"
    path.write_text("the last one")
    other.write_text("another one")
    write_report(path, HEADING, BOTH)
    assert path.read_text(encoding="utf-8") == page(HEADING, BOTH)
    assert other.read_text() == "another one"
    assert sorted(tmp_path.iterdir()) == [other, path]


def test_a_report_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(WriteError, match=r"folder: Is a directory"):
        write_report(tmp_path / "folder", HEADING, BOTH)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
