from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from edge_app.doctor.finding import Finding, Group, examine, worst
from edge_app.doctor.report import encode, lines
from edge_app.errors import MienError

CAMERA, CLOCK = Group("camera"), Group("clock")
FINDINGS = [
    CAMERA.ok("source", "/dev/video0: first frame after 0.4 s, 640x480 pixels"),
    CAMERA.warning("picture", "black: mean brightness 3 of 255", "take the cap off the lens"),
    CLOCK.failure("time", "1970-01-01 00:00:07 UTC cannot be", "sudo timedatectl set-ntp true"),
]
TEXT = """\
camera
  ok       source   /dev/video0: first frame after 0.4 s, 640x480 pixels
  warning  picture  black: mean brightness 3 of 255
                    → take the cap off the lens
clock
  failure  time  1970-01-01 00:00:07 UTC cannot be
                 → sudo timedatectl set-ntp true

1 failure, 1 warning
"""


def test_the_form_for_people() -> None:
    assert "\n".join(lines(FINDINGS, has_colours=False)) + "\n" == TEXT


def test_colours_change_nothing_else() -> None:
    text = "\n".join(lines(FINDINGS, has_colours=True)) + "\n"
    assert "\x1b[31mfailure\x1b[0m" in text
    for code in ("\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"):
        text = text.replace(code, "")
    assert text == TEXT


@pytest.mark.parametrize(
    ("verdicts", "count", "together"),
    [
        ("ok ok", "all is well", "ok"),
        ("ok warning", "1 warning", "warning"),
        ("warning warning", "2 warnings", "warning"),
        ("failure ok failure", "2 failures", "failure"),
        ("failure warning", "1 failure, 1 warning", "failure"),
    ],
)
def test_the_count(verdicts: str, count: str, together: str) -> None:
    findings = [
        Finding(group="a", name="b", verdict=verdict, text="c")  # type: ignore[arg-type]
        for verdict in verdicts.split()
    ]
    assert list(lines(findings, has_colours=False))[-1] == count
    assert worst(findings) == together


def test_nothing_steers_the_terminal() -> None:
    found = [CAMERA.failure("source", "in use by \x1b[2J", "end \x07it")]
    assert not {"\x1b", "\x07"} & set("".join(lines(found, has_colours=False)))


def test_json() -> None:
    report = json.loads(encode(FINDINGS, "desk"))
    assert {name: report[name] for name in ("schema_version", "device", "verdict")} == {
        "schema_version": 1, "device": "desk", "verdict": "failure",
    }  # fmt: skip
    assert report["findings"][1] == {
        "group": "camera",
        "name": "picture",
        "verdict": "warning",
        "text": "black: mean brightness 3 of 255",
        "advice": "take the cap off the lens",
    }
    assert [each["verdict"] for each in report["findings"]] == ["ok", "warning", "failure"]


def test_an_error_gives_text_and_advice() -> None:
    found = CAMERA.failed("source", MienError("x: gone; plug it in; or not"))
    assert (found.text, found.advice) == ("x: gone", "plug it in; or not")
    assert CAMERA.failed("source", MienError("x: gone")).advice


def test_a_check_that_breaks_does_not_stop_the_others() -> None:
    def broken() -> Iterator[Finding]:
        yield CAMERA.ok("source", "open")
        raise ValueError("the password is hunter2")

    found = list(examine([(CAMERA, broken), (CLOCK, lambda: [CLOCK.ok("time", "right")])]))
    assert [each.verdict for each in found] == ["ok", "failure", "ok"]
    assert found[1].text == "the check itself broke off: ValueError"
    assert "hunter2" not in repr(found)
