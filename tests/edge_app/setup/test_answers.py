"""A file of answers through the command: every mistake at once, and nothing half done."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from edge_app import command_line
from edge_app.errors import UsageError
from edge_app.settings_file import read_settings
from edge_app.setup.answers import WrongAnswersError, read_answers
from edge_app.setup.stored import Stored

PAGE = (Path(__file__).parents[3] / "docs/setup.md").read_text(encoding="utf-8")
ANSWERS = PAGE.partition("\n## ")[0]
(EXAMPLE,) = re.findall(r"```toml\n(.*?)```", ANSWERS, re.DOTALL)
GOOD = 'purpose = "test"\nacknowledged = true\n'


def setup(*words: str, answers: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge_app.cli", "setup", *words],
        input=answers,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_answers_from_standard_input_become_settings(tmp_path: Path) -> None:
    file = tmp_path / "new" / "mien.toml"
    said = EXAMPLE.replace("picamera2:", "sample:")
    done = setup("--settings", str(file), "--from", "-", answers=said)
    assert (done.returncode, done.stderr) == (0, "")
    settings = read_settings(file, {})
    assert settings.privacy.purpose.startswith("own home")
    assert settings.mqtt.broker == "mqtts://porch@broker.example"
    assert Path(settings.mqtt.password_file).read_text() == "secret\n"
    assert "secret" not in done.stdout + file.read_text()


@pytest.mark.parametrize("is_file", [True, False])
def test_answers_and_settings_may_come_from_an_editor_on_windows(
    tmp_path: Path, *, is_file: bool
) -> None:
    file, answers = tmp_path / "mien.toml", tmp_path / "answers.toml"
    file.write_text("[camera]\r\nwidth = 320\r\n", encoding="utf-8-sig", newline="")
    said = f"\ufeff{GOOD}".replace("\n", "\r\n")
    answers.write_text(said, encoding="utf-8", newline="")
    words = ("--settings", str(file), "--from", str(answers) if is_file else "-")
    done = setup(*words, answers=said)
    assert (done.returncode, done.stderr) == (0, "")
    assert read_settings(file, {}).camera.width == 320
    assert not file.read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_password_alone_is_for_what_is_set_already(tmp_path: Path) -> None:
    file = tmp_path / "mien.toml"
    file.write_text(
        '[camera]\nsource = "rtsp://me@lens.lan/1"\n[mqtt]\nbroker = "mqtt://me@b.lan"\n'
        '[privacy]\npurpose = "test"\n'
    )
    said = GOOD + 'broker_password = "for b"\ncamera_password = "for lens"\n'
    done = setup("--settings", str(file), "--from", "-", answers=said)
    assert (done.returncode, done.stderr) == (0, "")
    settings = read_settings(file, {})
    assert Path(settings.mqtt.password_file).read_text() == "for b\n"
    assert Path(settings.camera.password_file).read_text() == "for lens\n"
    assert settings.mqtt.broker == "mqtt://me@b.lan"
    assert settings.camera.source == "rtsp://me@lens.lan/1"


@pytest.mark.parametrize("already", ["mqtts://b.lan:8884", "mqtts://me@b.lan:8884"])
def test_a_user_alone_is_for_the_broker_that_is_set_already(tmp_path: Path, already: str) -> None:
    file, old = tmp_path / "mien.toml", tmp_path / "mien.mqtt-password"
    old.write_text("of before\n")
    password = f'password_file = "{old}"\n' if "@" in already else ""
    file.write_text(f'[privacy]\npurpose = "test"\n[mqtt]\nbroker = "{already}"\n{password}')
    words = ("--settings", str(file), "--from", "-")
    done = setup(*words, answers=GOOD + 'broker_user = "you"\n')
    assert (done.returncode, done.stderr) == (0, "")
    settings = read_settings(file, {})
    assert settings.mqtt.broker == "mqtts://you@b.lan:8884"
    assert settings.mqtt.password_file == "", "another user's"
    done = setup(*words, answers=GOOD + 'broker_user = "you"\nbroker_password = "yours"\n')
    assert (done.returncode, done.stderr) == (0, "")
    assert Path(read_settings(file, {}).mqtt.password_file).read_text() == "yours\n"


def test_every_wrong_answer_is_one_line_and_nothing_is_written(tmp_path: Path) -> None:
    answers = tmp_path / "answers.toml"
    answers.write_text(
        'acknowledged = "yes"\ndevice = "a/b"\ncamera = "rtsp://me:hidden@lens/"\nbroker = 1883\n'
        'broker_password = "hidden"\nprivacy = "none"\nsecret = "hidden"\n'
    )
    done = setup("--settings", str(tmp_path / "mien.toml"), "--from", str(answers))
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert all(line.startswith(f"mien: {answers}: ") for line in lines)
    told = [line.removeprefix(f"mien: {answers}: ").partition(":")[0] for line in lines]
    assert told == [
        "device", "camera", "broker", "privacy", "secret", "purpose", "acknowledged",
        "broker_password",
    ]  # fmt: skip
    assert "hidden" not in done.stderr
    assert list(tmp_path.iterdir()) == [answers]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('purpose = "  "', "purpose: say what"),
        (f'purpose = "{"x" * 201}"', "purpose: .*at most 200"),
        ('purpose = "a\\nb"', "purpose: write one line"),
        ('camera = "nowhere.mp4"', "camera: nowhere.mp4: no such file"),
        ('camera = "rtps://x/"', "camera: .*no such source"),
        ('camera = "sample:"\ncamera_password = "pw"', "camera_password: it needs"),
        ('broker = "mqtt://a:pw@b"', "broker: .*give it as broker_password"),
        ('camera = "rtsp://a:pw@b/"', "camera: .*give it as camera_password"),
        ('camera = "rtsp://a:p#pw@b/"', "camera: .*give it as camera_password"),
        ('broker_password = "pw"', "broker_password: it needs"),
        ('camera_password = "pw"', "camera_password: it needs"),
        ('broker = "embedded:port"', "broker: .*port"),
        ('broker = "mqtt://a@b"\nbroker_user = "c"', "broker_user: it needs"),
        ('broker = "embedded"\nbroker_user = "c"', "broker_user: it needs"),
        ('broker = "b"\nbroker_password = "pw"', "broker_password: it needs"),
        ('broker = "mqtt://a@b"\nbroker_password = "p\\nw"', "broker_password: write one line"),
        ('broker = "mqtt://a@b"\nbroker_password = ""', "broker_password: it is empty"),
        ("acknowledged = false", "acknowledged: write true"),
        ("mode = 3", "mode: no such answer"),
    ],
)
def test_a_wrong_answer_is_named(text: str, said: str) -> None:
    key = text.partition(" ")[0]
    good = "".join(line + "\n" for line in GOOD.splitlines() if not line.startswith(key))
    with pytest.raises(WrongAnswersError) as caught:
        read_answers(good + text, "f", Stored())
    (line,) = caught.value.lines
    assert re.match(f"f: {said}", line), line
    assert "pw" not in line


def test_no_mistake_in_the_form_shows_a_secret() -> None:
    with pytest.raises(UsageError, match=r"^f: not TOML, line 3, column") as caught:
        read_answers(GOOD + 'broker_password = "hidden\n', "f", Stored())
    assert "hidden" not in str(caught.value)
    said = read_answers(GOOD + 'broker="a@b"\nbroker_password="hidden"', "f", Stored())
    assert "hidden" not in repr(said)


def test_the_commands_shown_are_understood() -> None:
    (shown,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in shown.splitlines():
        words = shlex.split(line, comments=True)
        assert command_line._parse(words[words.index("setup") :]).command == "setup"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "questions need a terminal"),
        (("--from", "nowhere.toml"), "nowhere.toml: No such file"),
        (("--settings", "/dev/null/x", "--from", "-"), "no file"),
    ],
)
def test_what_cannot_be_is_one_line(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    if "--settings" not in words:
        words = ("--settings", str(tmp_path / "x.toml"), *words)
    done = setup(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mien: ")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr


@pytest.mark.parametrize("is_installed", [True, False])
def test_a_service_that_is_not_there_is_not_set_up(
    monkeypatch: pytest.MonkeyPatch, *, is_installed: bool
) -> None:
    monkeypatch.setattr("edge_app.setup.command.has_unit", lambda: is_installed)
    arguments = command_line._parse(["setup", "--from", "/nowhere.toml"])
    # Whoever runs the tests need not be root.
    monkeypatch.setattr("edge_app.setup.command.Place.must_be_writable", lambda _place: None)
    said = "/nowhere.toml" if is_installed else "no service is installed here; .* --settings"
    with pytest.raises(UsageError, match=said):
        arguments.entry(arguments)
