"""The index of the decisions has each of them, by its own number and title."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs/decisions"


def test_the_index_has_every_decision() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^(\d+)\. \[(.+)\]\((.+)\)$", index, re.MULTILINE)
    told = []
    for page in sorted(FOLDER.glob("[0-9]*.md")):
        heading = re.match(r"# (\d+)\. (.+)\n", page.read_text(encoding="utf-8"))
        assert heading is not None, page.name
        assert int(heading[1]) == int(page.name[:4])
        told.append((*heading.groups(), page.name))
    assert listed == told
    assert [int(number) for number, *_ in listed] == [*range(1, len(listed) + 1)]
