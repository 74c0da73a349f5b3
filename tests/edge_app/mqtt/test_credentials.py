from __future__ import annotations

import logging
from pathlib import Path

import pytest

from edge_app.errors import UsageError
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.credentials import Credentials, Login
from edge_app.mqtt.tls import TlsFiles

NOBODY = BrokerAddress("broker")
MIEN = BrokerAddress("broker", username="mien")


def write(file: Path, text: str, mode: int = 0o600) -> Path:
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


def test_without_files() -> None:
    assert Credentials().login(NOBODY) is None
    assert Credentials().login(MIEN) == Login("mien", None)


def test_user_and_password_from_files(tmp_path: Path) -> None:
    credentials = Credentials(
        write(tmp_path / "user", "kitchen\n"), write(tmp_path / "password", " pass word \n")
    )
    assert credentials.login(NOBODY) == Login("kitchen", " pass word ")
    assert credentials.login(MIEN) == Login("mien", " pass word ")
    write(tmp_path / "password", "another")
    assert credentials.login(MIEN) == Login("mien", "another")


def test_what_systemd_hands_over(tmp_path: Path) -> None:
    write(tmp_path / "mqtt-username", "kitchen")
    write(tmp_path / "mqtt-password", "secret")
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    found = Credentials().with_systemd(environment)
    assert found.login(NOBODY) == Login("kitchen", "secret")
    own = write(tmp_path / "own", "mine")
    assert Credentials(None, own).with_systemd(environment).login(NOBODY) == Login(
        "kitchen", "mine"
    )
    assert Credentials(own).with_systemd(environment).login(NOBODY) == Login("mine", "secret")


def test_systemd_without_credentials_of_ours(tmp_path: Path) -> None:
    assert Credentials().with_systemd({"CREDENTIALS_DIRECTORY": str(tmp_path)}) == Credentials()
    assert Credentials().with_systemd({}) == Credentials()


def test_a_user_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"username file {tmp_path}/gone: No such file"):
        Credentials(tmp_path / "gone").login(NOBODY)


def test_nothing_shows_a_secret(tmp_path: Path) -> None:
    credentials = Credentials(None, write(tmp_path / "password", "hunter2"))
    assert "hunter2" not in repr(credentials)
    assert "hunter2" not in repr(credentials.login(MIEN))


@pytest.mark.parametrize(
    ("mode", "is_open"), [(0o600, False), (0o640, False), (0o644, True), (0o604, True)]
)
def test_a_warning_for_what_all_can_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, *, is_open: bool
) -> None:
    password = write(tmp_path / "password", "hunter2", mode)
    key = write(tmp_path / "key.pem", "x", mode)
    with caplog.at_level(logging.WARNING):
        Credentials(None, password, TlsFiles(key=key)).warn_about_modes()
    assert [each.getMessage() for each in caplog.records] == (
        [f"{file}: every user can read it; chmod o= {file}" for file in (password, key)]
        if is_open
        else []
    )
