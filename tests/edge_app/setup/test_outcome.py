"""What is written where, and what becomes of older secrets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge_app.errors import MienError, UsageError
from edge_app.installation.service import SERVICE_SETTINGS
from edge_app.installation.unit import InstalledUnit
from edge_app.settings_file import read_settings
from edge_app.setup.answers import Answers
from edge_app.setup.outcome import outcome_of
from edge_app.setup.places import Place, place_for
from edge_app.setup.stored import Stored
from edge_app.setup.writing import Writing
from tests.trainer.full_disk import full_disk

PHRASE = "a long one"


def service(folder: Path) -> Place:
    return Place(
        settings=folder / "etc/mien/mien.toml",
        broker_password=folder / "etc/credstore/mien.mqtt-password",
        camera_password=folder / "etc/mien/camera-password",
        has_credentials=True,
        account="nobody",
    )


def write(place: Place, **said: str) -> list[str]:
    answers = Answers(purpose="test", **said)  # type: ignore[arg-type]
    return outcome_of(answers, Stored.read(place.settings), place).write(place)


def test_the_service_gets_its_password_from_systemd(tmp_path: Path) -> None:
    place = service(tmp_path)
    said = write(place, broker="mqtt://porch@b.example", broker_password=PHRASE, device="porch")
    settings = read_settings(place.settings, {})
    assert settings.mqtt.broker == "mqtt://porch@b.example"
    assert settings.mqtt.password_file == ""
    assert place.broker_password.read_text() == f"{PHRASE}\n"
    assert place.broker_password.stat().st_mode & 0o777 == 0o600
    assert place.broker_password.stat().st_uid == os.geteuid()
    assert place.broker_password.parent.stat().st_mode & 0o777 == 0o700
    assert place.settings.stat().st_mode & 0o777 == 0o644
    assert PHRASE not in "".join(said).replace(str(tmp_path), "")


@pytest.mark.parametrize("said", [{}, {"broker": ""}])
def test_the_service_needs_a_broker(tmp_path: Path, said: dict[str, str]) -> None:
    """What it prints is thrown away; a file of one's own may do without."""
    place = service(tmp_path)
    with pytest.raises(UsageError, match=r"no broker is set.*nothing was written"):
        write(place, **said)
    assert not place.settings.exists()
    write(place_for(tmp_path / "own.toml"), **said)
    write(place, broker="b.example")
    write(place, privacy="aggregates")
    assert read_settings(place.settings, {}).mqtt.broker == "b.example"


def test_a_password_file_that_was_named_gives_way_to_systemds(tmp_path: Path) -> None:
    place = service(tmp_path)
    place.settings.parent.mkdir(parents=True)
    place.settings.write_text('[mqtt]\nbroker = "mqtt://a@b"\npassword_file = "/old"\n')
    write(place, broker="mqtt://a@b", broker_password=PHRASE)
    assert read_settings(place.settings, {}).mqtt.password_file == ""


def test_another_broker_does_not_get_the_old_ones_password(tmp_path: Path) -> None:
    for place in (service(tmp_path), place_for(tmp_path / "own.toml")):
        write(place, broker="mqtt://a@old.example", broker_password=PHRASE)
        write(place, broker="mqtt://a@old.example")
        assert place.broker_password.exists()
        said = write(place, broker="mqtt://a@new.example")
        assert not place.broker_password.exists()
        assert "removed" in said[0]
        assert read_settings(place.settings, {}).mqtt.password_file == ""


@pytest.mark.parametrize(
    ("before", "now", "stays"),
    [
        ("mqtt://a@b.lan", "mqtt://a@b.lan:1883", True),
        ("mqtt://a@b.lan", "mqtts://a@B.lan", True),
        ("mqtts://a@b.lan", "wss://a@b.lan:8084/mqtt", True),
        # Whoever listens on the way would read it.
        ("mqtts://a@b.lan", "mqtt://a@b.lan", False),
        ("mqtt://a@b.lan", "mqtt://c@b.lan", False),
        ("mqtt://a@b.lan", "b.lan", False),
    ],
)
def test_the_same_broker_keeps_its_password(
    tmp_path: Path, before: str, now: str, *, stays: bool
) -> None:
    for place in (service(tmp_path), place_for(tmp_path / "own.toml")):
        write(place, broker=before, broker_password=PHRASE)
        named = read_settings(place.settings, {}).mqtt.password_file
        write(place, broker=now)
        assert place.broker_password.exists() is stays
        settings = read_settings(place.settings, {})
        assert (settings.mqtt.broker, settings.mqtt.password_file) == (now, named if stays else "")


@pytest.mark.parametrize(
    ("before", "now", "stays"),
    [
        ("rtsp://me@lens.lan/1", "rtsp://me@lens.lan/2", True),
        ("rtsp://me@lens.lan/1", "http://me@LENS.lan:8080/video?size=small", True),
        ("http://me@lens.lan/1", "https://me@lens.lan/1", True),
        ("https://me@lens.lan/1", "http://me@lens.lan/1", False),
        ("rtsps://me@lens.lan/1", "rtsp://me@lens.lan/1", False),
        ("rtsp://me@lens.lan/1", "rtsp://you@lens.lan/1", False),
        ("rtsp://me@lens.lan/1", "rtsp://me@lens.example/1", False),
        ("rtsp://me@lens.lan/1", "sample:", False),
    ],
)
def test_the_same_camera_keeps_its_password(
    tmp_path: Path, before: str, now: str, *, stays: bool
) -> None:
    place = service(tmp_path)
    write(place, broker="b", camera=before, camera_password=PHRASE)
    write(place, camera=now)
    assert place.camera_password.exists() is stays
    camera = read_settings(place.settings, {}).camera
    named = str(place.camera_password) if stays else ""
    assert (camera.source, camera.password_file) == (now, named)


def test_another_camera_likewise(tmp_path: Path) -> None:
    place = service(tmp_path)
    write(place, broker="b", camera="rtsp://me@lens.example/1", camera_password=PHRASE)
    named = read_settings(place.settings, {}).camera.password_file
    assert (named, place.camera_password.read_text()) == (str(place.camera_password), f"{PHRASE}\n")
    write(place, camera="rtsp://me@lens.example/1")
    assert place.camera_password.exists()
    # The service reads this one itself.
    owner = place.owner or (os.geteuid(), os.getegid())
    found = place.camera_password.stat()
    assert (found.st_uid, found.st_gid) == owner
    write(place, camera="/dev/video0")
    assert not place.camera_password.exists()
    assert read_settings(place.settings, {}).camera.password_file == ""


def test_a_file_that_the_user_named_is_the_users(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text(f"{PHRASE}\n")
    place = place_for(tmp_path / "own.toml")
    place.settings.write_text(f'[mqtt]\nbroker = "mqtt://a@b"\npassword_file = "{mine}"\n')
    place.broker_password.touch()
    write(place, broker="mqtt://a@c")
    assert mine.exists()
    assert place.broker_password.exists()
    assert read_settings(place.settings, {}).mqtt.password_file == ""


def test_what_was_not_asked_stays_and_the_old_file_is_kept(tmp_path: Path) -> None:
    place = place_for(tmp_path / "own.toml")
    place.settings.write_text("[camera]\nwidth = 320 # small\n")
    place.settings.chmod(0o640)
    write(place)
    assert place.settings.read_text() == (
        '[camera]\nwidth = 320 # small\n\n[privacy]\npurpose = "test"\n'
    )
    assert place.settings.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "own.toml.bak").read_text() == "[camera]\nwidth = 320 # small\n"


@pytest.mark.parametrize(
    "said",
    [
        {"broker": "mqtt://a@new"},
        {"broker": "mqtt://a@new", "broker_password": "of the new one"},
        {"broker": "mqtt://a@old", "broker_password": "another"},
        {"camera": "/dev/video0", "broker_password": "another", "broker": "mqtt://a@old"},
    ],
)
@pytest.mark.parametrize("has_backup", [True, False])
def test_a_full_disk_leaves_passwords_with_the_settings_they_belong_to(
    tmp_path: Path, said: dict[str, str], *, has_backup: bool
) -> None:
    place = service(tmp_path)
    write(
        place,
        broker="mqtt://a@old",
        broker_password=PHRASE,
        camera="rtsp://me@lens/1",
        camera_password=PHRASE,
    )
    place.settings.write_text(f"{place.settings.read_text()}# {'long' * 50}\n")
    if has_backup:
        place.settings.with_name("mien.toml.bak").write_text("before")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    # Small enough for a password, and too small for the settings.
    with full_disk(100), pytest.raises(MienError, match=r"mien\.toml.*make room"):
        write(place, **said)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_password_that_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    place = service(tmp_path)
    write(place, broker="mqtt://a@old", broker_password=PHRASE)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with full_disk(300), pytest.raises(MienError, match=r"mien\.mqtt-password: .*make room"):
        write(place, broker="mqtt://a@new", broker_password="x" * 400)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[camera]\nwidth = 0\n", "camera.width"),
        ("[camra]\nwidth = 3\n", "camra"),
        ("camera = 3\n", "camera is not a section"),
        ('[mqtt]\nca_file = "/ca.pem"\n', "certificate files need TLS"),
    ],
)
def test_settings_that_would_be_refused_are_not_written(
    tmp_path: Path, text: str, said: str
) -> None:
    place = place_for(tmp_path / "own.toml")
    place.settings.write_text(text)
    with pytest.raises(UsageError, match=said) as caught:
        write(place, broker="localhost", camera="sample:", broker_password=PHRASE)
    assert str(place.settings) in str(caught.value) or "broker" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (place.settings.read_text(), list(tmp_path.iterdir())) == (text, [place.settings])


def test_a_recording_is_named_for_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clip.mp4").touch()
    place = place_for(tmp_path / "own.toml")
    write(place, camera="clip.mp4")
    assert read_settings(place.settings, {}).camera.source == str(tmp_path / "clip.mp4")


def test_a_recording_that_is_kept_stays_the_one_beside_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("etc", "here"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "clip.mp4").touch()
    monkeypatch.chdir(tmp_path / "here")
    place = place_for(tmp_path / "etc/own.toml")
    place.settings.write_text('[camera]\nsource = "clip.mp4"\n')
    write(place, camera="clip.mp4")
    assert read_settings(place.settings, {}).camera.source == str(tmp_path / "etc/clip.mp4")


def test_a_secret_never_goes_through_somebodys_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "secret.new"
    link.symlink_to(target)
    with Writing() as writing:
        writing.secret(tmp_path / "secret", "pw", None)
        writing.finish()
    assert (tmp_path / "secret").read_text() == "pw\n"
    assert not target.exists()
    assert not link.is_symlink()


def test_a_link_to_the_settings_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text("")
    (tmp_path / "link.toml").symlink_to("real.toml")
    place = place_for(tmp_path / "link.toml")
    write(place)
    assert (tmp_path / "link.toml").is_symlink()
    assert "test" in (tmp_path / "real.toml").read_text()


def test_a_service_whose_output_goes_somewhere_needs_no_broker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = InstalledUnit(writable=(), has_output=True)
    monkeypatch.setattr("edge_app.setup.outcome.read_unit", lambda: unit)
    place = service(tmp_path)
    write(place)
    assert read_settings(place.settings, {}).mqtt.broker == ""


def test_a_place_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="no file"):
        place_for(tmp_path).must_be_writable()
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="no file"):
        place_for(tmp_path / "file/mien.toml").must_be_writable()
    place_for(tmp_path / "new/mien.toml").must_be_writable()
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(UsageError, match="sudo mien setup"):
        place_for(None).must_be_writable()


def test_a_system_that_refuses_is_one_line() -> None:
    with pytest.raises(MienError, match=r"^/proc/mien.mqtt-password: .*; make room") as caught:
        write(place_for(Path("/proc/mien.toml")), broker="mqtt://a@b", broker_password=PHRASE)
    assert "\n" not in str(caught.value)


def test_without_a_file_it_is_the_services() -> None:
    place = place_for(None)
    assert (place.settings, place.has_credentials) == (SERVICE_SETTINGS, True)
    assert place_for(SERVICE_SETTINGS) == place
