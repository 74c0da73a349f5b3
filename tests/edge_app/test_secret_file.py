from __future__ import annotations

import grp
import os
from pathlib import Path

import pytest

from edge_app.errors import UsageError
from edge_app.frames.stream_address import parse_stream
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.credentials import Credentials, Login
from edge_app.secret_file import first_line, how_to_close


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"secret", "secret"),
        (b"secret\n", "secret"),
        (b"secret\r\n", "secret"),
        (b"\xef\xbb\xbfsecret\r\n", "secret"),
        (b"secret\nof the broker, changed in May\n", "secret"),
        (b" pass\tword \n", " pass\tword "),
        ("a\u2028b\x0cc\x1cd\re\n".encode(), "a\u2028b\x0cc\x1cd\re"),
    ],
)
def test_a_broker_s_and_a_camera_s_password_are_the_first_line(
    tmp_path: Path, content: bytes, line: str
) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    broker = BrokerAddress("broker", username="mien")
    assert Credentials(None, file).login(broker) == Login("mien", line)
    assert parse_stream("rtsp://me@cam/live", file).password == line


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "its first line is empty"),
        (b"\r\nsecret\n", "its first line is empty"),
        (b"\xef\xbb\xbf\r\n", "its first line is empty"),
        (b"\xffsecret", "not UTF-8 text"),
    ],
)
def test_what_is_no_password_is_one_line_without_it(
    tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        first_line(file, "password file", "name another")
    assert str(caught.value) == f"password file {file}: {said}; name another"
    assert caught.value.__cause__ is None


def test_a_file_is_closed_to_others_and_not_to_whoever_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    file.touch()
    file.chmod(0o644)
    group = grp.getgrgid(os.getegid()).gr_name
    assert how_to_close(file) == f"chmod o= {file}"
    monkeypatch.setattr("os.geteuid", lambda: file.stat().st_uid + 1)
    assert how_to_close(file) == f"chmod o= {file}"  # by its group
    file.chmod(0o604)
    assert how_to_close(file) == f"sudo chgrp {group} {file}, and sudo chmod 640 {file}"
    file.chmod(0o644)
    monkeypatch.setattr("os.getgroups", list)
    own = os.getegid()
    monkeypatch.setattr("os.getegid", lambda: own + 4_000_000)
    assert how_to_close(file) == (f"sudo chgrp {own + 4_000_000} {file}, and sudo chmod 640 {file}")
