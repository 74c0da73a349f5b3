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


@pytest.mark.parametrize("step", [1, 2, 7, 50, 1000])
@pytest.mark.parametrize("boundary", ["", "frame", '"--frame"'])
def test_a_boundary_that_was_not_announced_is_found(boundary: str, step: int) -> None:
    for content in (TWO, b"hello\n" + TWO, TWO.replace(b"\r\n", b"\n")):
        whole = parts(content, step, boundary=boundary)
        assert whole[0] == b"first"
        assert whole[1].replace(b"\r", b"") == b"sec\nond"


def test_no_line_of_a_picture_is_taken_for_a_boundary() -> None:
    rest_of_one = b"\xff\n--\xd8\nnoise\n--short\nand more\r\n"
    assert parts(rest_of_one + TWO, boundary="") == [b"first", b"sec\r\nond"]
    looks_like_one = b"fi\n--y\nContent-Type: a\n\nrst"
    content = TWO.replace(b"Content-Length: 5\r\n\r\nfirst", b"\r\n" + looks_like_one)
    for step in (1, 1000):
        assert parts(content, step) == [looks_like_one, b"sec\r\nond"]


@pytest.mark.parametrize("length", [5, 7])
def test_an_empty_line_too_many_is_no_part_of_the_picture(length: int) -> None:
    content = TWO.replace(b"5\r\n\r\nfirst", b"%d\r\n\r\n\r\nfirst" % length)
    first, second = parts(content)
    assert first.rstrip() == b"first"
    assert second == b"sec\r\nond"


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
