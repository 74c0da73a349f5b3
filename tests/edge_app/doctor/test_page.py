"""What docs/doctor.md says is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import msgspec

from edge_app import command_line
from edge_app.doctor import board, broker, camera, clock, disk, models, permissions, versions
from edge_app.doctor.report import Report, encode, lines

PAGE = (Path(__file__).parents[3] / "docs/doctor.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_every_group_is_described() -> None:
    rooms = (camera, models, broker, disk, board, clock, versions, permissions)
    described = re.findall(r"^\| (\w+) \| ", PAGE.partition("| group |")[2], re.MULTILINE)
    assert described == ["settings", *(room.GROUP.name for room in rooms)]


def test_the_commands_are_understood() -> None:
    shown = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(shown) == 5
    for line in shown:
        words = shlex.split(line)
        assert command_line._parse(words[words.index("doctor") :]).command == "doctor"


def test_the_json_shown_is_a_report() -> None:
    (shown,) = blocks("json")
    report = msgspec.json.decode(shown, type=Report)
    assert encode(report.findings, report.device) == shown.rstrip()


def test_the_lines_shown_have_the_form() -> None:
    (shown,) = blocks("text")
    finding = msgspec.json.decode(blocks("json")[0], type=Report).findings[0]
    ours = list(lines([finding], has_colours=False))
    assert "\n".join(ours[1:3]) in shown
