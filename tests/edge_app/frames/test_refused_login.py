from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_app.frames.http_mjpeg import HttpMjpegSource
from edge_app.frames.refused_login import RarelyRefused
from edge_app.frames.source import RefusedLoginError, SourceError
from edge_app.frames.stream_address import StreamAddress, parse_stream
from tests.edge_app.frames.mjpeg_server import MjpegServer, part
from tests.edge_app.frames.pictures import jpeg

SOON_S = 10.0


class House:
    """A camera that refuses everybody at first, and what Mien knows of its password."""

    def __init__(self, server: MjpegServer, folder: Path) -> None:
        self.now_s, self._server = 0.0, server
        self.password = folder / "password"
        self.password.write_text("wrong")
        url = server.url.replace("//", "//me@")
        self._stream = RarelyRefused(
            lambda: parse_stream(url, self.password),
            lambda address: HttpMjpegSource(address, timeout_s=SOON_S),
            clock_s=lambda: self.now_s,
        )

    def open(self) -> None:
        with self._stream.open() as source:
            assert source.read() is not None

    def logins_within(self, seconds: int) -> int:
        """How often a password was shown; a second is the least between two openings."""
        for _ in range(seconds):
            with pytest.raises(RefusedLoginError, match="401; check user and password"):
                self.open()
            self.now_s += 1.0
        return self.logins

    @property
    def logins(self) -> int:
        return sum(bool(each) for each in self._server.authorizations)


@pytest.fixture(params=["Basic", "Digest"])
def server(request: pytest.FixtureRequest) -> Iterator[MjpegServer]:
    challenge = f'{request.param} realm="camera", nonce="7", qop="auth"'
    with MjpegServer(lambda: [part(jpeg())], challenge=challenge, is_open=False) as server:
        yield server


def test_a_wrong_password_is_shown_every_minute_at_first_and_then_ever_more_rarely(
    server: MjpegServer, tmp_path: Path
) -> None:
    house = House(server, tmp_path)
    assert house.logins_within(60) == 1
    assert house.logins_within(121) == 4, "a camera that starts may refuse whom it knows"
    assert house.logins_within(1619) == 8
    house.now_s += 24 * 3600.0
    house.logins_within(1)
    house.now_s += 600.0
    assert house.logins_within(1) == 10, "ten minutes are the longest"


def test_another_password_is_shown_at_once(server: MjpegServer, tmp_path: Path) -> None:
    house = House(server, tmp_path)
    house.logins_within(5)
    house.password.unlink()
    with pytest.raises(SourceError, match=r"camera's password file .*: No such file"):
        house.open()
    house.password.write_text("right")
    server.is_open = True
    house.open()
    server.is_open = False
    assert house.logins_within(60) == 3, "it was taken in between, so the wait is short again"


def test_a_camera_that_does_not_answer_meanwhile_is_asked_as_ever(tmp_path: Path) -> None:
    with MjpegServer(list, challenge='Basic realm="camera"', is_open=False) as server:
        house = House(server, tmp_path)
        house.logins_within(1)
    house.now_s += 60.0
    for _ in range(2):
        with pytest.raises(SourceError, match="refused") as caught:
            house.open()
        assert not isinstance(caught.value, RefusedLoginError)


@pytest.mark.parametrize("user", ["", "me:hunter2@"])
@pytest.mark.parametrize("status", [401, 403])
def test_where_no_login_was_asked_for_a_camera_is_asked_as_ever(user: str, status: int) -> None:
    with MjpegServer(list, status=status) as server:
        stream = RarelyRefused(
            lambda: parse_stream(server.url.replace("//", f"//{user}")),
            lambda address: HttpMjpegSource(address, timeout_s=SOON_S),
            clock_s=lambda: 0.0,
        )
        for asked in range(1, 4):
            with pytest.raises(SourceError, match=f"{status}; check user and password") as caught:
                stream.open()
            assert not isinstance(caught.value, RefusedLoginError)
            assert server.connections == asked


def test_a_thousand_refusals_are_still_ten_minutes_apart() -> None:
    now_s = [0.0]

    def refused(_address: StreamAddress) -> HttpMjpegSource:
        now_s.append(now_s[-1])
        raise RefusedLoginError("refused")

    address = parse_stream("http://me:hunter2@cam/")
    stream = RarelyRefused(lambda: address, refused, clock_s=lambda: now_s[-1])
    for _ in range(1200):
        with pytest.raises(RefusedLoginError):
            stream.open()
        now_s[-1] += 600.0
    assert len(now_s) == 1201
