from __future__ import annotations

import contextlib
import itertools
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_app.frames import http_mjpeg
from edge_app.frames.http_authentication import Login
from edge_app.frames.http_mjpeg import HttpMjpegSource
from edge_app.frames.jpeg import decode_luma
from edge_app.frames.source import Frame, RefusedLoginError, SourceError
from edge_app.frames.stream_address import parse_stream
from tests.brokers import free_port
from tests.brokers_certificates import Authority, Certificate
from tests.edge_app.frames.mjpeg_server import BOUNDARY, MjpegServer, part
from tests.edge_app.frames.pictures import jpeg, resized_header
from tests.edge_app.names import NAME, SILENT, resolve_to, silent

SOON_S = 10.0


class NoHttp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.rfile.readline()
        self.wfile.write(b"SSH-2.0-Camera\r\n")


def source_of(server: MjpegServer, *, user: str = "", timeout_s: float = SOON_S) -> HttpMjpegSource:
    url = server.url.replace("//", f"//{user}@") if user else server.url
    return HttpMjpegSource(parse_stream(url), timeout_s=timeout_s)


def frames_until_the_end(pieces: Iterable[bytes]) -> tuple[list[Frame], int]:
    """What was read before the stream ended, and how many pictures were damaged."""
    with MjpegServer(lambda: pieces) as server, source_of(server) as source:
        frames: list[Frame] = []
        with pytest.raises(SourceError, match="stream ended"):
            frames.extend(iter(source.read, None))
        return frames, source.frames_damaged


def one_by_one(
    pieces: Iterable[bytes], times_ms: Iterable[int]
) -> tuple[Callable[[], Iterator[bytes]], Callable[[], int]]:
    """Each is sent once the one before was taken, at the time that the clock tells then."""
    taken, times = threading.Semaphore(1), iter(times_ms)

    def sent() -> Iterator[bytes]:
        for piece in pieces:
            taken.acquire(timeout=SOON_S)
            yield piece

    def clock_ns() -> int:
        taken.release()
        return next(times) * 1_000_000

    return sent, clock_ns


def test_frames_are_gray_and_their_timestamps_rise() -> None:
    frames, damaged = frames_until_the_end([part(jpeg(level=level)) for level in (10, 100, 200)])
    assert [frame.image.shape for frame in frames] == [(48, 64)] * 3
    assert [round(frame.image.mean(), -2) for frame in frames] == [0, 100, 200]
    assert (np.diff([frame.timestamp_ns for frame in frames]) > 0).all()
    assert damaged == 0


def test_damaged_pictures_are_counted_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    whole = jpeg()
    bad = [
        whole[:-2], whole[: len(whole) // 2], whole[:3], b"no picture", bytes(5000),
        resized_header(whole, 65_535, 65_535), resized_header(whole, 0, 0),
    ]  # fmt: skip
    pieces = [piece for each in bad for piece in (part(each), part(whole))]
    frames, damaged = frames_until_the_end(pieces)
    assert len(frames) == damaged == len(bad)
    assert caplog.text.count("left out") == 1


def test_pictures_that_come_sooner_than_wanted_are_not_decoded_but_damaged_ones_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = jpeg()
    decoded: list[bytes] = []

    def decode(content: bytes) -> NDArray[np.uint8]:
        decoded.append(content)
        return decode_luma(content)

    monkeypatch.setattr("edge_app.frames.jpeg.decode_luma", decode)
    # In milliseconds; those whose time is negative are cut short.
    times = [1000, 1067, -1134, 1201, 1268, 1335, -1402, 1415]
    pieces = [part(whole if time_ms >= 0 else whole[:-2]) for time_ms in times]
    sent, clock_ns = one_by_one(pieces, map(abs, times))
    with (
        MjpegServer(sent) as server,
        HttpMjpegSource(parse_stream(server.url), timeout_s=SOON_S, clock_ns=clock_ns) as source,
    ):
        source.want_every(0.2)
        frames = [source.read() for _ in range(3)]
        assert [frame.timestamp_ns // 1_000_000 for frame in frames if frame] == [1000, 1201, 1415]
        # One damaged picture is between two others; the other's turn it was.
        assert source.frames_damaged == 2
    assert decoded == [whole, whole, whole[:-2], whole]


def test_every_picture_is_decoded_again_once_it_is_wanted() -> None:
    sent, clock_ns = one_by_one([part(jpeg())] * 9, range(1000, 2000, 50))
    with (
        MjpegServer(sent) as server,
        HttpMjpegSource(parse_stream(server.url), timeout_s=SOON_S, clock_ns=clock_ns) as source,
    ):
        source.want_every(0.2)
        frames = [source.read(), source.read()]
        source.want_every(0.0)
        frames += [source.read(), source.read()]
    assert [frame.timestamp_ns // 1_000_000 for frame in frames if frame] == [
        1000,
        1200,
        1250,
        1300,
    ]


def test_of_pictures_that_come_together_the_newest_whole_one_is_taken_where_one_is_due() -> None:
    bad = part(jpeg()[:-2])
    together = b"".join([*(part(jpeg(level=level)) for level in (50, 100, 200)), bad])
    sent, clock_ns = one_by_one([part(jpeg()), together, part(jpeg(level=150))], (1000, 2000, 3000))
    with (
        MjpegServer(sent) as server,
        HttpMjpegSource(parse_stream(server.url), timeout_s=SOON_S, clock_ns=clock_ns) as source,
    ):
        source.want_every(0.2)
        source.read()
        frames = [source.read(), source.read()]
        assert [round(frame.image.mean(), -1) for frame in frames if frame] == [220, 170]
        assert source.frames_damaged == 1


def test_pictures_that_come_faster_than_they_are_decoded_are_not_older_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interval_s, sent = 1 / 30, [0]

    def numbered(number: int) -> bytes:
        image = np.full((48, 64), 16 * (number % 16) + 8, np.uint8)
        image[:, 32:] = 16 * (number // 16) + 8
        return cv2.imencode(".jpg", image)[1].tobytes()

    def number_of(frame: Frame) -> int:
        return int(frame.image[24, 16]) // 16 + 16 * (int(frame.image[24, 48]) // 16)

    def pieces() -> Iterator[bytes]:
        while sent[0] < 255:
            sent[0] += 1
            yield part(numbered(sent[0]))
            time.sleep(interval_s)

    def decode(content: bytes) -> NDArray[np.uint8]:
        time.sleep(4 * interval_s)
        return decode_luma(content)

    monkeypatch.setattr("edge_app.frames.jpeg.decode_luma", decode)
    with MjpegServer(pieces) as server, source_of(server) as source:
        late = []
        while sent[0] < 120:
            frame = source.read()
            assert frame is not None
            late.append(sent[0] - number_of(frame))
        # Otherwise three of four would wait at the end: 90.
        assert late[-1] < 20


def test_wrong_lengths_cost_one_picture_at_most() -> None:
    whole = jpeg()
    pieces = [part(whole, length=100), part(whole), part(whole, length=10**6), part(whole)]
    frames, damaged = frames_until_the_end(pieces)
    assert (len(frames), damaged) == (3, 1)


def test_size_may_change_mid_stream() -> None:
    sizes = [(48, 64), (1, 1), (480, 640), (2, 300), (48, 64)]
    frames, damaged = frames_until_the_end([part(jpeg(*size)) for size in sizes])
    assert [frame.image.shape for frame in frames] == sizes
    assert damaged == 0


def test_flipped_bytes_in_the_stream_never_end_it() -> None:
    random = np.random.default_rng(5)
    pieces = []
    for _ in range(200):
        damaged = np.frombuffer(part(jpeg()), np.uint8).copy()
        damaged[random.integers(0, len(damaged), 6)] = random.integers(0, 256, 6, np.uint8)
        pieces.append(damaged.tobytes())
    frames, damaged_count = frames_until_the_end([*pieces, b"\r\n", part(jpeg(8, 8))])
    assert frames[-1].image.shape == (8, 8)
    assert damaged_count > 0


def test_close_ends_a_read_that_waits_at_once() -> None:
    with MjpegServer(lambda: [part(jpeg())], hold_open=True) as server:
        source = source_of(server, timeout_s=60)
        assert source.read() is not None
        answers: list[Frame | None] = []
        reader = threading.Thread(target=lambda: answers.append(source.read()))
        reader.start()
        time.sleep(0.1)  # until it waits
        source.close()
        reader.join(SOON_S)
        assert answers == [None]


def test_a_silent_stream_fails_by_its_timeout() -> None:
    with (
        MjpegServer(lambda: [part(jpeg())], hold_open=True) as server,
        source_of(server, timeout_s=0.2) as source,
    ):
        assert source.read() is not None
        with pytest.raises(SourceError, match="does not answer"):
            source.read()


@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
def test_user_and_password_are_sent_when_asked_for(scheme: str) -> None:
    challenge = f'{scheme} realm="camera", nonce="7", qop="auth", algorithm="MD5"'
    with MjpegServer(lambda: [part(jpeg())], challenge=challenge) as server:
        with source_of(server, user="me:hunter2") as source:
            assert source.read() is not None
        first, second = server.authorizations
    assert first == ""
    assert second.startswith(f"{scheme} ")


def test_a_missing_password_is_told_without_any() -> None:
    with (
        MjpegServer(list, challenge='Basic realm="camera"') as server,
        pytest.raises(SourceError, match="401; check user and password") as caught,
    ):
        source_of(server)
    assert caught.value.__cause__ is None


def secure(server: MjpegServer, certificate: Certificate) -> str:
    """Let the server speak TLS; returns its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.file, certificate.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server.url.replace("http:", "https:")


def test_a_camera_s_own_certificate_is_trusted_once_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    certificate = authority.issue("camera")
    with MjpegServer(lambda: [part(jpeg())]) as server:
        address = parse_stream(secure(server, certificate))
        with pytest.raises(SourceError, match=r"not trusted .*SSL_CERT_FILE") as caught:
            HttpMjpegSource(address, timeout_s=SOON_S)
        assert "see whether the camera runs" not in str(caught.value)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        with HttpMjpegSource(address, timeout_s=SOON_S) as source:
            assert source.read() is not None


def test_a_certificate_for_another_name_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with MjpegServer(list) as server:
        address = parse_stream(secure(server, authority.issue("camera", "DNS:camera.lan")))
        with pytest.raises(SourceError, match="for another name; name the camera as"):
            HttpMjpegSource(address, timeout_s=SOON_S)


def test_an_answer_of_another_kind_is_refused() -> None:
    for kind in ("text/html", "video/mp4"):
        with (
            MjpegServer(lambda: [b"<html>"], content_type=kind) as server,
            pytest.raises(SourceError, match=rf"not an MJPEG stream \({kind}\);"),
        ):
            source_of(server)


@pytest.mark.parametrize("said", ["", "; boundary=other", "; boundary="])
def test_a_boundary_that_is_not_the_one_that_was_said_is_borne(said: str) -> None:
    pieces = [part(jpeg())] * 3
    with (
        MjpegServer(lambda: pieces, content_type=f"multipart/x-mixed-replace{said}") as server,
        source_of(server) as source,
    ):
        frames = [source.read(), source.read()]
        assert source.frames_damaged == 0
    assert [frame.image.shape for frame in frames if frame] == [(48, 64)] * 2


@pytest.mark.parametrize("kind", ["text/\x1b[2J", "text/" + "x" * 60_000, "image/x; a=\x07"])
def test_of_another_kind_nothing_is_told_that_a_camera_made_up(kind: str) -> None:
    with (
        MjpegServer(list, content_type=kind) as server,
        pytest.raises(SourceError, match="not an MJPEG stream; name the camera's MJPEG URL"),
    ):
        source_of(server)


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (404, "404, it has nothing at this path; name its MJPEG URL"),
        (503, "503, perhaps .* one more viewer; end others"),
        (500, "500; name its MJPEG URL"),
    ],
)
def test_what_to_do_about_another_answer_is_told(status: int, advice: str) -> None:
    with MjpegServer(list, status=status) as server, pytest.raises(SourceError, match=advice):
        source_of(server)


def test_a_host_that_nobody_knows_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(SourceError, match=r"not known; check the host's name"):
        HttpMjpegSource(parse_stream("http://came/video"), timeout_s=1)


def test_what_is_no_http_is_told() -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), NoHttp) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        address = parse_stream(f"http://127.0.0.1:{server.server_address[1]}/video")
        with pytest.raises(SourceError, match=r"no HTTP .*; check the port"):
            HttpMjpegSource(address, timeout_s=SOON_S)
        thread.join()


def test_nobody_there_is_told_without_secrets() -> None:
    address = parse_stream(f"http://me:hunter2@127.0.0.1:{free_port()}/video?token=s3cr3t")
    with pytest.raises(SourceError, match="refused") as caught:
        HttpMjpegSource(address, timeout_s=1)
    assert "hunter2" not in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


def test_endless_garbage_keeps_memory_bounded() -> None:
    garbage = itertools.repeat(f"--{BOUNDARY}\r\n\r\n".encode() + bytes(1 << 20), 80)
    frames, damaged = frames_until_the_end(itertools.chain(garbage, [part(jpeg())]))
    assert len(frames) == 1
    assert damaged == 80


@pytest.mark.parametrize(
    "challenge",
    [
        'Digest realm="camera", nonce="7", qop="auth", algorithm=SHA-256',
        'Digest realm="camera", nonce="7", qop="auth-int"',
        "Digest",
        "Digest realm=",
        'Bearer realm="camera"',
    ],
)
def test_an_authentication_that_is_not_known_is_told(challenge: str) -> None:
    with (
        MjpegServer(list, challenge=challenge) as server,
        pytest.raises(SourceError, match="authentication that Mien does not know") as caught,
    ):
        source_of(server, user="me:hunter2")
    assert "hunter2" not in str(caught.value)


def test_basic_is_taken_where_another_one_is_asked_for_first() -> None:
    challenge = (
        'Digest realm="camera", nonce="7", algorithm=SHA-256\r\n'
        'WWW-Authenticate: Basic realm="camera"'
    )
    with MjpegServer(lambda: [part(jpeg())], challenge=challenge) as server:
        with source_of(server, user="me:hunter2") as source:
            assert source.read() is not None
        assert server.authorizations[1].startswith("Basic ")


@pytest.mark.parametrize("user", ["", "me:wrong"])
@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
def test_a_refusal_asks_for_user_and_password(scheme: str, user: str) -> None:
    challenge = f'{scheme} realm="camera", nonce="7", qop="auth"'
    with (
        MjpegServer(list, challenge=challenge, is_open=False) as server,
        pytest.raises(
            RefusedLoginError if user else SourceError, match="401; check user and password"
        ),
    ):
        source_of(server, user=user)
    assert sum(bool(each) for each in server.authorizations) == bool(user), "cameras count them"


@pytest.mark.parametrize(
    ("challenge", "shown"),
    [
        pytest.param(
            'Digest realm="camera", nonce="7", qop="auth", stale=true',
            ["", "Digest", "Digest"],
            id="once more for an old nonce",
        ),
        pytest.param(
            'Digest realm="camera", nonce="7"\r\nWWW-Authenticate: Basic realm="camera"',
            ["", "Digest"],
            id="not as it is after a digest in vain",
        ),
    ],
)
def test_how_often_a_password_is_shown(challenge: str, shown: list[str]) -> None:
    with (
        MjpegServer(list, challenge=challenge, is_open=False) as server,
        pytest.raises(RefusedLoginError),
    ):
        source_of(server, user="me:hunter2")
    assert [each.partition(" ")[0] for each in server.authorizations] == shown


@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
def test_a_camera_may_lead_to_another_path_and_say_more_there_without_end(scheme: str) -> None:
    challenge = f'{scheme} realm="camera", nonce="7", qop="auth"'
    moved = {"/video.mjpg": "/cgi/video.mjpg"}
    with MjpegServer(lambda: [part(jpeg())], challenge=challenge, moved=moved) as server:
        with source_of(server, user="me:hunter2") as source:
            assert source.read() is not None
        assert server.paths == ["/video.mjpg", *["/cgi/video.mjpg"] * 2]


def test_a_host_with_addresses_that_never_answer_is_reached_at_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve_to(monkeypatch, SILENT, SILENT, "127.0.0.1")
    began_s = time.monotonic()
    with MjpegServer(lambda: [part(jpeg())]) as server, silent(server.server_port):
        url = server.url.replace("127.0.0.1", NAME)
        with HttpMjpegSource(parse_stream(url), timeout_s=SOON_S) as source:
            assert source.read() is not None
    assert time.monotonic() - began_s < SOON_S


def test_a_host_of_which_no_address_answers_is_waited_for_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve_to(monkeypatch, *[SILENT] * 40)
    began_s = time.monotonic()
    with silent() as port, pytest.raises(SourceError, match="does not answer"):
        HttpMjpegSource(parse_stream(f"http://{NAME}:{port}/"), timeout_s=0.5)
    assert time.monotonic() - began_s < SOON_S


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_camera_that_leads_to_another_host_is_not_followed(status: int) -> None:
    with MjpegServer(lambda: [part(jpeg())]) as other:
        moved = {"/video.mjpg": other.url.replace("127.0.0.1", "localhost")}
        with (
            MjpegServer(list, moved=moved, moved_status=status) as server,
            pytest.raises(SourceError, match="leads to another host, localhost; name"),
        ):
            source_of(server)
    assert not other.connections


@pytest.mark.parametrize(
    ("leads_to", "said"),
    [
        ("http://" + "x" * 5000 + "/", "leads to another host; name"),
        ("http://\x1b[2J/", "the answer is no HTTP"),
        ("http://a\x07b/", "leads to another host; name"),
        ("http://127.0.0.1:99999/", "the answer is no HTTP"),
        ("file:///etc/passwd", "refuses: 302"),
    ],
)
def test_nothing_is_told_of_where_a_camera_leads_that_is_no_host(leads_to: str, said: str) -> None:
    with (
        MjpegServer(list, moved={"/video.mjpg": leads_to}) as server,
        pytest.raises(SourceError, match=said) as caught,
    ):
        source_of(server)
    assert len(str(caught.value)) < 200
    assert str(caught.value).isprintable()


def test_no_other_place_is_shown_the_password() -> None:
    with MjpegServer(list, challenge='Basic realm="camera"') as other:
        moved = {"/video.mjpg": f"{other.url}?token=s3cr3t"}
        with (
            MjpegServer(list, moved=moved) as server,
            pytest.raises(SourceError, match="401; it led to http://127") as caught,
        ):
            source_of(server, user="me:hunter2")
    assert not isinstance(caught.value, RefusedLoginError)
    assert other.authorizations == [""]
    assert f":{other.server_port}, where no password is shown" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "is_shown"),
    [
        ("https://cam/cgi/video?x=1", True),
        ("https://CAM:443/", True),
        ("http://cam:443/live", False),
        ("https://cam:8443/live", False),
        ("https://cam.example/live", False),
        ("https://cam@example/live", False),
    ],
)
def test_a_password_is_for_one_scheme_host_and_port(url: str, *, is_shown: bool) -> None:
    login = Login("https://cam/live", "me", "hunter2")
    shown = login.find_user_password("camera", url)
    assert shown == (("me", "hunter2") if is_shown else (None, None))


def test_a_camera_that_answers_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Undecided(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                while True:
                    self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                    time.sleep(0.01)

    monkeypatch.setattr(http_mjpeg, "_STEPS_S", 0.0)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Undecided) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            address = parse_stream(f"http://127.0.0.1:{server.server_address[1]}/video")
            with pytest.raises(SourceError, match="does not answer"):
                HttpMjpegSource(address, timeout_s=0.2)
        finally:
            server.shutdown()
            thread.join()


def test_letters_beyond_ascii_are_percent_encoded() -> None:
    with MjpegServer(lambda: [part(jpeg())]) as server:
        url = server.url.replace("video.mjpg", "vidéo%20a|b?größe=ö&x=%2F")
        with HttpMjpegSource(parse_stream(url), timeout_s=SOON_S) as source:
            assert source.read() is not None
        assert server.paths == ["/vid%C3%A9o%20a|b?gr%C3%B6%C3%9Fe=%C3%B6&x=%2F"]


def test_a_host_that_cannot_be_one_is_told() -> None:
    with pytest.raises(SourceError, match="cannot be written in HTTP"):
        HttpMjpegSource(parse_stream("http://a..b/x"), timeout_s=1)
