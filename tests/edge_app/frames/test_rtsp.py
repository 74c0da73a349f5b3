from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from edge_app.frames.rtsp import RtspSource
from edge_app.frames.source import SourceError
from edge_app.frames.stream_address import parse_stream
from tests.brokers import free_port
from tests.edge_app.frames.rtsp_server import NARROW_CLIP, RtspServer


def test_a_camera_is_played() -> None:
    with (
        RtspServer() as server,
        RtspSource(parse_stream(f"rtsp://{server.host}/cam"), timeout_s=10) as source,
    ):
        assert source.is_live
        frames = [source.read() for _ in range(25)]
    assert {frame.image.shape for frame in frames if frame} == {(120, 160, 3)}
    times = [frame.timestamp_ns for frame in frames if frame]
    assert len(times) == 25
    assert times == sorted(set(times))
    assert server.requests == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]


def test_pixels_that_are_not_square_are_made_so() -> None:
    with (
        RtspServer(clip=NARROW_CLIP) as server,
        RtspSource(parse_stream(f"rtsp://{server.host}/cam"), timeout_s=10) as source,
    ):
        frame = source.read()
    assert frame is not None
    assert frame.image.shape == (120, 160, 3)


def test_frames_that_are_not_wanted_are_left_out() -> None:
    ticks = itertools.count(10_000_000_000, 100_000_000)
    with (
        RtspServer() as server,
        RtspSource(
            parse_stream(f"rtsp://{server.host}/cam"), timeout_s=10, clock_ns=ticks.__next__
        ) as source,
    ):
        source.want_every(0.5)
        frames = [source.read() for _ in range(4)]
    times = [frame.timestamp_ns for frame in frames if frame]
    assert np.diff(times).tolist() == [500_000_000] * 3
    assert {frame.image.shape for frame in frames if frame} == {(120, 160, 3)}


def test_frames_that_grow_old_are_an_error() -> None:
    """The device's second is a picture's time, and the camera sends as fast as it is read."""
    ticks = itertools.count(10_000_000_000, 1_000_000_000)
    with (
        RtspServer(pace_s=0.0) as server,
        RtspSource(
            parse_stream(f"rtsp://{server.host}/cam"), timeout_s=10, clock_ns=ticks.__next__
        ) as source,
        pytest.raises(SourceError, match=r"faster than this device decodes.*smaller stream"),
    ):
        list(iter(source.read, None))


def test_the_end_of_a_stream_is_an_error() -> None:
    with (
        RtspServer(rounds=1) as server,
        RtspSource(parse_stream(f"rtsp://{server.host}/cam"), timeout_s=10) as source,
        pytest.raises(SourceError, match="stream ended"),
    ):
        list(iter(source.read, None))


def test_a_silent_stream_fails_by_its_timeout() -> None:
    with (
        RtspServer(rounds=2, hold_open=True) as server,
        RtspSource(parse_stream(f"rtsp://{server.host}/cam"), timeout_s=2) as source,
    ):
        began_s = time.monotonic()
        with pytest.raises(SourceError, match="stream ended"):
            list(iter(source.read, None))
    assert 1.5 < time.monotonic() - began_s < 30


def test_nobody_there_is_told_without_secrets(capfd: pytest.CaptureFixture[str]) -> None:
    address = parse_stream(f"rtsp://me:hunter2@127.0.0.1:{free_port()}/cam?token=s3cr3t")
    with pytest.raises(SourceError, match="no video; see whether") as caught:
        RtspSource(address, timeout_s=2)
    assert "hunter2" not in str(caught.value)
    assert "s3cr3t" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_closed_stream_gives_nothing() -> None:
    with RtspServer() as server:
        source = RtspSource(parse_stream(f"rtsp://{server.host}/cam"), timeout_s=10)
        source.close()
        assert source.read() is None
