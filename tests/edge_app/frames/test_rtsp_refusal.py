from __future__ import annotations

import contextlib
import socket
import threading
import time
from pathlib import Path

import pytest

from edge_app.frames import setting
from edge_app.frames.refused_login import RarelyRefused
from edge_app.frames.rtsp import RtspSource
from edge_app.frames.rtsp_refusal import rtsp_refusal
from edge_app.frames.setting import CameraOptions, choose_source
from edge_app.frames.source import RefusedLoginError, SourceError
from edge_app.frames.stream_address import StreamAddress, parse_stream
from tests.brokers import free_port
from tests.edge_app.frames.rtsp_server import RtspServer
from tests.edge_app.names import NAME, SILENT, resolve_to, silent

SOON_S = 10.0


def address(server: RtspServer, login: str) -> StreamAddress:
    return parse_stream(f"rtsp://{login}{server.host}/cam?token=s3cr3t")


@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
def test_a_login_that_ffmpeg_is_let_in_with_is_not_refused(scheme: str) -> None:
    with RtspServer(scheme=scheme) as server:
        right = address(server, "me:hunter2@")
        with RtspSource(right, timeout_s=SOON_S) as source:
            assert source.read() is not None
        assert rtsp_refusal(right, SOON_S) is None
        server.status = "404 Not Found"
        assert rtsp_refusal(right, SOON_S) is None, "another trouble, and a right password"


@pytest.mark.parametrize("login", ["", "me:wrong@", "you:hunter2@"])
@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
def test_a_wrong_login_is_refused_and_shown_once(scheme: str, login: str) -> None:
    with RtspServer(scheme=scheme) as server:
        said = rtsp_refusal(address(server, login), SOON_S)
    name = f"rtsp://{server.host}"
    assert str(said) == f"{name}: the camera refuses: 401; check user and password"
    assert isinstance(said, RefusedLoginError) == bool(login), "nothing locks who shows none"
    assert server.logins == bool(login)


def test_what_is_not_told_is_no_refusal() -> None:
    with RtspServer(scheme="Bearer") as server:
        assert rtsp_refusal(address(server, "me:hunter2@"), SOON_S) is None
        secure = parse_stream(f"rtsps://me:wrong@{server.host}/cam")
        assert rtsp_refusal(secure, SOON_S) is None
        assert server.logins == 0
    assert rtsp_refusal(parse_stream(f"rtsp://127.0.0.1:{free_port()}/cam"), SOON_S) is None


def test_a_camera_that_says_nothing_is_not_waited_for() -> None:
    began_s = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"rtsp://me:hunter2@127.0.0.1:{silent.getsockname()[1]}/cam"
        assert rtsp_refusal(parse_stream(url), 0.2) is None
    assert time.monotonic() - began_s < SOON_S


def test_a_host_with_several_addresses_that_is_off_is_waited_for_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve_to(monkeypatch, *[SILENT] * 40)
    began_s = time.monotonic()
    with silent() as port:
        assert rtsp_refusal(parse_stream(f"rtsp://me:hunter2@{NAME}:{port}/cam"), 0.5) is None
    assert time.monotonic() - began_s < SOON_S


def test_an_answer_without_an_end_takes_no_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"

        def chatter() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(4096)
                connection.sendall(b"\n\n" + b"RTSP/1.0 200\n" * 50_000)

        thread = threading.Thread(target=chatter)
        thread.start()
        began_s = time.thread_time()
        assert rtsp_refusal(parse_stream(f"rtsp://me:hunter2@{place}/cam"), SOON_S) is None
        assert time.thread_time() - began_s < 1.0, (
            "it takes the processor, and the interpreter's lock"
        )
        thread.join(SOON_S)


def test_a_camera_that_is_off_is_not_asked_why_it_takes_long_to_open() -> None:
    now_s, asked = [0.0], []

    def open_stream(address: StreamAddress) -> RtspSource:
        now_s[0] += took_s
        raise SourceError(f"{address.name}: no video")

    def refusal(address: StreamAddress) -> SourceError | None:
        now_s[0] += took_s
        asked.append(address)
        return said

    stream = RarelyRefused(
        lambda: parse_stream("rtsp://me:wrong@cam/"), open_stream,
        refusal=refusal, quick_s=4.0, clock_s=lambda: now_s[0],
    )  # fmt: skip
    took_s, said = 5.0, None
    with pytest.raises(SourceError, match="no video"):
        stream.open()
    assert not asked
    took_s, said = 3.6, RefusedLoginError("refused")  # as of a camera on a weak Wi-Fi
    with pytest.raises(RefusedLoginError):
        stream.open()
    now_s[0], took_s, said = 100.0, 2.5, None
    with pytest.raises(SourceError, match="does not answer"):
        stream.open()
    assert (now_s[0], len(asked)) == (102.5, 2), "one wait alone for a camera that went off"
    took_s = 5.0
    with pytest.raises(SourceError, match="no video"):
        stream.open()
    assert (now_s[0], len(asked)) == (107.5, 2), "then it is opened as one that was never refused"


def test_a_stream_whose_camera_is_switched_off_takes_no_longer_than_its_opening(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[StreamAddress] = []
    monkeypatch.setattr(setting, "rtsp_refusal", lambda address, _: asked.append(address))
    with silent() as port:
        url = f"rtsp://me:hunter2@{SILENT}:{port}/cam"
        choice = choose_source(url, options=CameraOptions(stall_s=1.0))
        with pytest.raises(SourceError, match="no video"):
            choice.open()
    assert not asked


def test_once_it_is_known_to_be_refused_a_login_is_shown_once_each_time() -> None:
    now_s = [0.0]
    with RtspServer(scheme="Digest") as server:
        stream = RarelyRefused(
            lambda: address(server, "me:wrong@"),
            lambda address: RtspSource(address, timeout_s=SOON_S),
            refusal=lambda address: rtsp_refusal(address, SOON_S),
            clock_s=lambda: now_s[0],
        )
        for at_s, logins in ((0.0, 2), (59.0, 2), (60.0, 3), (119.0, 3), (120.0, 4)):
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
