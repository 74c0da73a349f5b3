"""The questions on a real terminal: right, wrong, interrupted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge_app.settings_file import read_settings
from tests.brokers import free_port
from tests.edge_app.setup.terminal_session import CTRL_C, CTRL_D, TerminalSession

OLD = """\
# Mine.
[camera]
source = "sample:"  # for now
width = 320

[privacy]
#purpose = "..."
mode = "full"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "mien.toml"
    file.write_text(OLD)
    return file


def asked(settings: Path) -> TerminalSession:
    return TerminalSession("setup", "--settings", str(settings))


def test_wrong_answers_are_asked_again_and_the_right_ones_are_written(settings: Path) -> None:
    port = free_port()
    with asked(settings) as session:
        session.answer("Type yes", "y")
        session.answer("type yes as a whole word", "yes")
        session.answer("What is it used for?", "9")
        session.answer("a number from 1 to 4", "4")
        session.answer("Your own words", " ")
        session.answer("say what Mien is used for", 'a museum\'s foyer, "told" at the door')
        session.answer("Name of this device", "a/b")
        session.answer("letters, digits", "porch")
        session.choose("Where do pictures come from?", "another")
        session.answer("Address, file", "rtsp://me:pass@camera.example/1")
        session.answer("can be read by others", "rtsp://me@camera.example/1")
        session.answer("Password of the camera", "lens")
        session.answer("Broker", "mqtt://a:pass@b")
        session.answer("can be read by others", f"127.0.0.1:{port}")
        session.answer("User there", "porch@home")
        session.answer("Password of the broker", "s3cret")
        session.choose("What may leave", "aggregates")
        session.answer("Write", "perhaps")
        session.answer("type yes or no", "")
        session.answer("Check this device", "no")
        assert session.finish() == 0
        assert "s3cret" not in session.screen
        assert "lens" not in session.screen
        # The program as it was called: here Python's module, if there is no `mien` in $PATH.
        assert re.search(rf"Next: .*(mien|cli) run --settings {settings}", session.screen)
    written = read_settings(settings, {})
    assert written.privacy.purpose == 'a museum\'s foyer, "told" at the door'
    assert (written.privacy.mode, written.device.name) == ("aggregates", "porch")
    assert written.camera.source == "rtsp://me@camera.example/1"
    assert written.camera.width == 320
    assert written.mqtt.broker == f"mqtt://porch%40home@127.0.0.1:{port}"
    assert "# Mine." in settings.read_text()
    assert "s3cret" not in settings.read_text()
    for file, secret in (
        (written.mqtt.password_file, "s3cret\n"),
        (written.camera.password_file, "lens\n"),
    ):
        assert Path(file).read_text() == secret
        assert Path(file).stat().st_mode & 0o777 == 0o600
    assert settings.with_name("mien.toml.bak").read_text() == OLD


def test_enter_keeps_what_is_there_and_the_doctor_looks_at_it(settings: Path) -> None:
    settings.write_text(
        '[device]\nname = "hall"\n[camera]\nsource = "sample:"\n[mqtt]\nbroker = "embedded:1885"\n'
        '[privacy]\npurpose = "kept"\nmode = "aggregates"\n'
    )
    before = read_settings(settings, {})
    with asked(settings) as session:
        session.answer("Type yes", "yes")
        session.choose("What is it used for?", "kept")
        session.answer("[hall]", "")
        session.choose("Where do pictures come from?", "as it is set now")
        session.answer("[embedded:1885]", "")
        session.answer("Number [2]", "")
        session.answer("Write", "")
        session.answer("Check this device", "")
        assert session.finish() == 0
        assert "golden" in session.screen
    assert read_settings(settings, {}) == before
    assert [file.name for file in settings.parent.glob("*password*")] == []


@pytest.mark.parametrize(
    ("key", "code", "said"), [(CTRL_C, 130, "interrupted"), (CTRL_D, 1, "before the last answer")]
)
@pytest.mark.parametrize("late", [False, True], ids=["early", "at a password"])
def test_an_end_in_the_middle_writes_nothing(
    settings: Path, key: str, code: int, said: str, *, late: bool
) -> None:
    with asked(settings) as session:
        if late:
            session.answer("Type yes", "yes")
            session.answer("What is it used for?", "1")
            session.answer("Name of this device", "")
            session.choose("Where do pictures come from?", "sample:")
            session.answer("Broker", "mqtt://porch@localhost")
            session.answer("Password of the broker", "", end=key)
        else:
            session.answer("Type yes", "", end=key)
        assert session.finish() == code
        assert f"{said}" in session.screen
        assert "nothing was written" in session.screen
        assert "Traceback" not in session.screen
    assert settings.read_text() == OLD
    assert list(settings.parent.iterdir()) == [settings]


def test_a_file_that_is_no_toml_is_named_before_any_question(settings: Path) -> None:
    settings.write_text("[camera\n")
    with asked(settings) as session:
        assert session.finish() == 2
        assert session.screen.startswith(f"mien: {settings}: not TOML")
        assert session.screen.count("\n") == 1
