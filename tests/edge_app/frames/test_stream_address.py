from __future__ import annotations

from pathlib import Path

import pytest

from edge_app.errors import UsageError
from edge_app.frames.stream_address import parse_stream, public_name

SECRETS = ("hunter2", "s3cr3t", "me:", "token")


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ("rtsp://cam.local/live", "rtsp://cam.local"),
        ("rtsp://me:hunter2@cam.local:8554/live", "rtsp://cam.local:8554"),
        ("rtsp://me:hunter2@s3cr3t@cam.local/live", "rtsp://cam.local"),
        ("rtsp://me:hunter2@[fe80::1%25eth0]:8554/live", "rtsp://[fe80::1%25eth0]:8554"),
        ("rtsp://cam:554/user=me&password=hunter2&channel=1&stream=0.sdp", "rtsp://cam:554"),
        ("rtsp://cam/me_hunter2/1", "rtsp://cam"),
        ("http://cam/video?user=me&password=hunter2#token", "http://cam"),
        ("http://cam?password=hunter2", "http://cam"),
        ("rtsp://cam;password=hunter2", "rtsp://cam"),
        ("rtsp://cam\\password=hunter2", "rtsp://cam"),
        ("rtsp://me:hunter2", "rtsp://me"),
        ("rtsp://cam:5hunter2/1", "rtsp://cam"),
        # The user with the beginning of a password, or a host with a path's password?
        ("rtsp://me:hunter2/s3cr3t@cam.local/live", "rtsp://..."),
        ("http://me:hun?ter2@cam/video.mjpg", "http://..."),
        ("rtsp://cam/user=me&password=hun@ter2", "rtsp://..."),
        ("/dev/video0", "/dev/video0"),
        ("v4l2:/dev/video0", "v4l2:/dev/video0"),
        ("rtsp:/me:hunter2@cam/1", "rtsp:/cam"),
        ("rtsp:/cam/1?password=hunter2", "rtsp:/cam"),
        ("rtsp:cam/me_hunter2/1", "rtsp:cam"),
        ("me:hunter2@rtsp://cam/1", "rtsp://cam"),
        ("me:hunter2@cam/1", "cam/1"),
        ("me:hun=ter2@cam/1", "..."),
        ("cam/user=me&password=hun@ter2", "..."),
        ("cam/user=me&password=hunter2", "cam/user"),
        ("~/me:hunter2@cam\0", "cam\0"),
        ("sample:", "sample:"),
    ],
)
def test_names_show_no_secret(setting: str, name: str) -> None:
    assert public_name(setting) == name


def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    file = tmp_path / "a@b?.mp4"
    file.touch()
    assert public_name(str(file)) == str(file)


def test_a_file_that_is_missing_is_named_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "R&D=1"
    folder.mkdir()
    assert public_name(f"{folder}/clip.mp4") == f"{folder}/clip.mp4"
    assert public_name(f"{folder}/me:hunter2@cam") == "..."
    assert public_name("/cam/user=me&password=hunter2") == "/cam/user"
    # A host that has a folder's name.
    assert public_name(f"/{folder}/password=hunter2") == f"/{tmp_path}/R"
    (tmp_path / "cam").mkdir()
    monkeypatch.chdir(tmp_path)
    assert public_name("cam/user=me&password=hunter2") == "cam/user"


def test_user_and_password_are_taken_out_of_the_url() -> None:
    address = parse_stream("http://m%40e:hunter2%2F@[::1]:8080/a/video?token=7")
    assert (address.user, address.password) == ("m@e", "hunter2/")
    assert address.url == "http://[::1]:8080/a/video?token=7"
    assert address.url_for_ffmpeg == "http://m%40e:hunter2%2F@[::1]:8080/a/video?token=7"
    assert not [secret for secret in SECRETS if secret in repr(address)]


def test_without_a_user_the_url_stays_as_it_is() -> None:
    address = parse_stream("rtsp://cam/live")
    assert address.url_for_ffmpeg == address.url == "rtsp://cam/live"


def test_the_password_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hunter2: ü\nsecond line\n", encoding="utf-8")
    address = parse_stream("rtsp://me@cam/live", file)
    assert address.url_for_ffmpeg == "rtsp://me:hunter2%3A%20%C3%BC@cam/live"


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file"), (b"", "empty"), (b"\xff\xfe", "UTF-8")]
)
def test_a_bad_password_file_is_one_line(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match=said):
        parse_stream("rtsp://me@cam/live", file)


@pytest.mark.parametrize("letter", ["#", "/", "?", "["])
def test_what_a_password_in_a_url_must_not_hold_is_told(letter: str) -> None:
    with pytest.raises(UsageError, match=r"# as %23.*camera\.password_file") as caught:
        parse_stream(f"http://me:hunter2{letter}s3cr3t@cam/video.mjpg")
    assert not [secret for secret in SECRETS if secret in str(caught.value)]


def test_a_password_s_digits_are_no_port() -> None:
    with pytest.raises(UsageError, match="# as %23") as caught:
        parse_stream("http://me:12#s3cr3t@cam/video.mjpg")
    assert "12" not in str(caught.value)


def test_a_password_without_a_user_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="rtsp://USER@HOST"):
        parse_stream("rtsp://cam/live", tmp_path / "password")


@pytest.mark.parametrize(
    "setting",
    [
        "rtsp://",
        "http:///video",
        "rtsp://me:hunter2@",
        "rtsp://me:hunter2@cam:port/",
        "rtsp://me:hunter2@cam:99999/",
        "http://me:hunter2@[::1/",
        "rtsp://me:hunter2@cam/a b",
        "rtsp://me:hunter2/s3cr3t@cam/",
        # A word of a command line that is not UTF-8.
        "rtsp://me:hunter2\udce9@cam/",
        "http://cam/password=hunter2\udce9",
    ],
)
def test_a_bad_url_is_one_line_without_secrets(setting: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_stream(setting)
    assert "\n" not in str(caught.value)
    assert not [secret for secret in SECRETS if secret in str(caught.value)]
    assert caught.value.__cause__ is None
