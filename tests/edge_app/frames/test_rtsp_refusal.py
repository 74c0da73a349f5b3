from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from edge_app.frames.refused_login import RarelyRefused
from edge_app.frames.rtsp import RtspSource
from edge_app.frames.rtsp_refusal import rtsp_refusal
from edge_app.frames.setting import CameraOptions, choose_source
from edge_app.frames.source import RefusedLoginError, SourceError
from edge_app.frames.stream_address import StreamAddress, parse_stream
from tests.brokers import free_port
from tests.edge_app.frames.rtsp_server import RtspServer

SOON_S = 10.0


def address(server: RtspServer, login: str) -> StreamAddress:
    return parse_stream(f"rtsp://{login}{server.host}/cam?token=s3cr3t")


@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
def test_a_login_that_ffmpeg_is_let_in_with_is_not_refused(scheme: str) -> None:
    with RtspServer(scheme=scheme) as server:
        right = address(server, "me:hunter2@")
        with RtspSource(right, timeout_s=SOON_S) as source:
            assert source.read() is not None
        assert rtsp_refusal(right, SOON_S) == ""
        server.status = "404 Not Found"
        assert rtsp_refusal(right, SOON_S) == "", "another trouble, and a right password"


@pytest.mark.parametrize("login", ["", "me:wrong@", "you:hunter2@"])
@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
def test_a_wrong_login_is_refused_and_shown_once(scheme: str, login: str) -> None:
    with RtspServer(scheme=scheme) as server:
        said = rtsp_refusal(address(server, login), SOON_S)
    assert said == f"rtsp://{server.host}/cam: the camera refuses: 401; check user and password"
    assert server.logins == bool(login)


def test_what_is_not_told_is_no_refusal() -> None:
    with RtspServer(scheme="Bearer") as server:
        assert rtsp_refusal(address(server, "me:hunter2@"), SOON_S) == ""
        secure = parse_stream(f"rtsps://me:wrong@{server.host}/cam")
        assert rtsp_refusal(secure, SOON_S) == ""
        assert server.logins == 0
    assert rtsp_refusal(parse_stream(f"rtsp://127.0.0.1:{free_port()}/cam"), SOON_S) == ""


def test_a_camera_that_says_nothing_is_not_waited_for() -> None:
    began_s = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"rtsp://me:hunter2@127.0.0.1:{silent.getsockname()[1]}/cam"
        assert rtsp_refusal(parse_stream(url), 0.2) == ""
    assert time.monotonic() - began_s < SOON_S


def test_once_it_is_known_to_be_refused_a_login_is_shown_once_each_time() -> None:
    now_s = [0.0]
    with RtspServer(scheme="Digest") as server:
        stream = RarelyRefused(
            lambda: address(server, "me:wrong@"),
            lambda address: RtspSource(address, timeout_s=SOON_S),
            refusal=lambda address: rtsp_refusal(address, SOON_S),
            clock_s=lambda: now_s[0],
        )
        for at_s, logins in ((0.0, 2), (59.0, 2), (60.0, 3), (179.0, 3), (180.0, 4)):
            now_s[0] = at_s
            with pytest.raises(RefusedLoginError):
                stream.open()
            assert server.logins == logins


def test_a_stream_is_not_opened_with_a_password_that_was_refused_just_now(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("wrong")
    with RtspServer(scheme="Digest") as server:
        options = CameraOptions(password_file=password, stall_s=SOON_S)
        choice = choose_source(f"rtsp://me@{server.host}/cam", options=options)
        for _ in range(5):
            with pytest.raises(RefusedLoginError, match="401; check user and password"):
                choice.open()
        assert server.logins == 2, "FFmpeg's, and ours that tells why"
        password.write_text("hunter2")
        with choice.open() as source:
            assert source.read() is not None
        server.status = "404 Not Found"
        for _ in range(2):
            with pytest.raises(SourceError, match="no video") as caught:
                choice.open()
            assert not isinstance(caught.value, RefusedLoginError)
