"""Questions and answers without a terminal: what is asked depends on what is known."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from edge_app.setup.answers import Answers
from edge_app.setup.cameras import FoundCamera
from edge_app.setup.interview import Interview, NotAcknowledgedError
from edge_app.setup.notice import NOTICE, PURPOSES
from edge_app.setup.stored import Stored
from edge_app.setup.terminal import Terminal

PRIVACY = (Path(__file__).parents[3] / "PRIVACY.md").read_text(encoding="utf-8")
CAMERAS = (
    FoundCamera("picamera2:", "imx708"),
    FoundCamera("/dev/video2", "HD Webcam"),
)


def typing(lines: Sequence[str]) -> Callable[[str], str]:
    waiting = iter(lines)

    def read(prompt: str) -> str:
        del prompt
        line = next(waiting, None)
        if line is None:
            raise EOFError
        return line

    return read


def interview(
    lines: Sequence[str],
    *,
    secrets: Sequence[str] = (),
    stored: str = "",
    cameras: Sequence[FoundCamera] = (),
    folder: Path,
) -> tuple[Answers, str]:
    """The answers, and what was shown; every line has to be used."""
    file = folder / "mien.toml"
    file.write_text(stored)
    output = io.StringIO()
    read, read_secret = typing(lines), typing(secrets)
    terminal = Terminal(output=output, read=read, read_secret=read_secret)
    answers = Interview(terminal, stored=Stored.read(file), cameras=cameras).run()
    for rest in (read, read_secret):
        with pytest.raises(EOFError):
            rest("")
    return answers, output.getvalue()


@pytest.mark.parametrize("typed", ["", "y", "yes of course"])
def test_only_yes_acknowledges_and_anything_but_no_is_asked_again(
    tmp_path: Path, typed: str
) -> None:
    for no in ("no", "N"):
        with pytest.raises(NotAcknowledgedError, match="nothing was written"):
            interview([typed, no], folder=tmp_path)
    answers, shown = interview([typed, "yes", "1", "", "2", "embedded", ""], folder=tmp_path)
    assert answers.camera == "sample:"
    assert shown.count("type yes as a whole word, or no") == 1


def test_a_purpose_and_a_source_may_be_typed_where_numbers_are_shown(tmp_path: Path) -> None:
    answers, shown = interview(
        [
            *("yes", "9", "a play in a theatre", "", "rtsp://me:hidden@lens.lan/1"),
            *("rtsp://me@lens.lan/1", "embedded", ""),
        ],
        secrets=["one"],
        folder=tmp_path,
    )
    assert answers.purpose == "a play in a theatre"
    assert (answers.camera, answers.camera_password) == ("rtsp://me@lens.lan/1", "one")
    assert shown.count("a number from 1 to 4, or your own words") == 1
    assert shown.count("answer the question for it that follows") == 1
    assert "hidden" not in shown


def test_the_first_camera_found_and_the_hosts_name_are_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "attic")
    answers, shown = interview(
        ["YES", "2", "", "", "broker.example", "", ""], cameras=CAMERAS, folder=tmp_path
    )
    assert NOTICE in shown
    assert "2  /dev/video2  HD Webcam" in shown
    assert answers.purpose == PURPOSES[1]
    # The host's name is not written down, so that it may change.
    assert answers.device is None
    assert (answers.camera, answers.broker) == ("picamera2:", "broker.example")
    assert (answers.broker_user, answers.broker_password, answers.privacy) == (None, None, "full")


def test_a_known_camera_stays_where_another_is_found_first(tmp_path: Path) -> None:
    stored = '[camera]\nsource = "rtsp://me:secret@lens.example/1"\n'
    answers, shown = interview(
        ["yes", "1", "", "", "localhost", "", "2"],
        secrets=[""],
        stored=stored,
        cameras=CAMERAS,
        folder=tmp_path,
    )
    assert answers.camera == "rtsp://me:secret@lens.example/1"
    assert answers.privacy == "aggregates"
    assert "secret" not in shown


@pytest.mark.parametrize(
    ("broker", "camera", "enter"),
    [
        ("mqtts://me@b.lan", "rtsp://me@lens.lan/2", "as it is"),
        ("mqtt://me@c.lan", "rtsp://me@lens.example/1", "none"),
    ],
)
def test_what_enter_does_to_a_password_is_said(
    tmp_path: Path, broker: str, camera: str, enter: str
) -> None:
    stored = (
        '[camera]\nsource = "rtsp://me@lens.lan/1"\n[mqtt]\nbroker = "mqtt://me@b.lan"\n'
        '[privacy]\npurpose = "test"\n'
    )
    file = tmp_path / "mien.toml"
    file.write_text(stored)
    prompts: list[str] = []

    def read_secret(prompt: str) -> str:
        prompts.append(prompt)
        return ""

    read = typing(["yes", "", "", "2", camera, broker, ""])
    terminal = Terminal(output=io.StringIO(), read=read, read_secret=read_secret)
    Interview(terminal, stored=Stored.read(file), cameras=()).run()
    assert len(prompts) == 2
    assert all(f"Enter: {enter})" in prompt for prompt in prompts)


def test_a_password_in_an_address_is_asked_for_by_itself(tmp_path: Path) -> None:
    answers, shown = interview(
        [
            *("yes", "1", "", "1", "rtsp://me:hidden@lens.lan/1", "rtsp://me@lens.lan/1"),
            *("mqtt://me:hidden@b.lan", "mqtt://me@b.lan", ""),
        ],
        secrets=["one", "two"],
        folder=tmp_path,
    )
    assert shown.count("answer the question for it that follows") == 2
    assert "_password" not in shown
    assert "hidden" not in shown
    assert (answers.camera_password, answers.broker_password) == ("one", "two")


def test_what_a_terminal_cannot_carry_is_asked_again(tmp_path: Path) -> None:
    answers, shown = interview(
        ["yes", "1", "hall\x1b[2J", "hall", "sample", "2", "embedded", ""], folder=tmp_path
    )
    assert answers.device == "hall"
    assert shown.count("cannot be read") == 1
    assert shown.count("sample: no such") == 1
    assert answers.camera == "sample:"


def test_a_latin_terminal_gets_question_marks() -> None:
    raw = io.BytesIO()
    output = io.TextIOWrapper(raw, encoding="ascii")
    Terminal(output=output).say("Büro")
    output.flush()
    assert raw.getvalue() == b"B?ro\n"


def test_the_notice_fits_any_terminal_and_says_what_privacy_says() -> None:
    assert NOTICE.isascii()
    assert max(map(len, NOTICE.splitlines())) <= 78
    page, notice = (" ".join(text.split()) for text in (PRIVACY, NOTICE))
    for words in (
        "fewer than five faces|at least five faces",
        "wrong about one face in three",
        "outside of medicine and safety",
        "people at work or in education",
    ):
        in_page, _, in_notice = words.partition("|")
        assert in_page in page
        assert (in_notice or in_page) in notice
