from __future__ import annotations

import random

import pytest

from edge_app.frames import multipart
from edge_app.frames.multipart import MultipartParser

TWO = (
    b"--x\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\nfirst\r\n"
    b"--x\r\nContent-Type: image/jpeg\r\n\r\nsec\r\nond\r\n--x--\r\n"
)


def parts(content: bytes, step: int | None = None, boundary: str = "x") -> list[bytes]:
    parser = MultipartParser(boundary)
    step = step or len(content)
    pieces = [content[at : at + step] for at in range(0, len(content), step)]
    return [part for piece in pieces for part in parser.feed(piece)]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 50, 1000])
def test_parts_come_whole_however_the_stream_is_cut(step: int) -> None:
    assert parts(TWO, step) == [b"first", b"sec\r\nond"]


@pytest.mark.parametrize("boundary", ["x", "--x", '"x"', '"--x"'])
def test_cameras_write_the_boundary_as_they_like(boundary: str) -> None:
    assert parts(TWO, boundary=boundary) == [b"first", b"sec\r\nond"]


def test_a_part_whose_length_is_said_need_not_wait_for_the_next() -> None:
    parser = MultipartParser("x")
    assert list(parser.feed(TWO[: TWO.index(b"first") + 5])) == [b"first"]


@pytest.mark.parametrize("said", [b"3", b"900", b"0", b"999999999", b"-1", b"many"])
def test_after_a_wrong_length_the_next_part_is_whole(said: bytes) -> None:
    content = TWO.replace(b"Content-Length: 5", b"Content-Length: " + said) + TWO
    assert parts(content)[1:] == [b"sec\r\nond", b"first", b"sec\r\nond"]


def test_plain_line_ends_and_a_preamble_are_borne() -> None:
    assert parts(b"hello\n--x\nA: b\n\npicture\n--x\n") == [b"picture"]


def test_endless_parts_are_thrown_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multipart, "MOST_BYTES", 1000)
    parser = MultipartParser("x")
    held = [list(parser.feed(b"--x\r\n\r\n" + bytes(100))) or len(parser._buffer) for _ in range(1)]
    for _ in range(100):
        assert list(parser.feed(bytes(100))) == []
        held.append(len(parser._buffer))
    assert max(int(size) for size in held if isinstance(size, int)) <= 1100
    assert parser.dropped >= 9
    assert list(parser.feed(TWO)) == [b"first", b"sec\r\nond"]


def test_rubbish_never_stops_it() -> None:
    chance = random.Random(3)  # noqa: S311 - repeatable
    parser = MultipartParser("x")
    for _ in range(300):
        damaged = bytearray(TWO)
        for _ in range(4):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        list(parser.feed(bytes(damaged)))
    assert list(parser.feed(b"\r\n--x\r\n\r\n\r\n" + TWO))[-2:] == [b"first", b"sec\r\nond"]
