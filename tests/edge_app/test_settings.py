import os
from pathlib import Path

import msgspec
import pytest

from edge_app.errors import UsageError
from edge_app.settings import Settings
from edge_app.settings_file import read_settings
from edge_app.settings_paths import _paths


def written(folder: Path, text: str) -> Path:
    path = folder / "mien.toml"
    path.write_text(text)
    return path


def test_everything_has_a_default() -> None:
    settings = read_settings(None, {})
    assert settings.camera.source == "/dev/video0"
    assert settings.mqtt.broker == ""
    assert settings.device_name


def test_the_command_line_goes_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, '[camera]\nsource = "a.mp4"\nwidth = 320\n')
    settings = read_settings(path, {"camera": {"source": "b.mp4", "width": None}})
    assert (settings.camera.source, settings.camera.width) == ("b.mp4", 320)


def test_paths_start_at_the_folder_of_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `mien doctor` finds where it is asked, the service must find, which stands in /."""
    folder = tmp_path / "etc"
    folder.mkdir()
    written(
        folder,
        '[camera]\nsource = "clips/a.mp4"\npassword_file = "a:b"\n'
        '[models]\ndirectory = "models"\ntrusted_key = "../key.pem"\n'
        '[mqtt]\npassword_file = "/dev/null"\nca_file = ""\n[outbox]\ndirectory = "out"\n',
    )
    monkeypatch.chdir(tmp_path)
    settings = read_settings(Path("etc/mien.toml"), {"mqtt": {"username_file": "name"}})
    assert settings.camera.source == str(folder / "clips/a.mp4")
    assert settings.camera.password_file == str(folder / "a:b")
    assert settings.models.directory == str(folder / "models")
    assert settings.models.trusted_key == str(folder / "../key.pem")
    assert settings.mqtt.password_file == os.devnull
    assert settings.mqtt.ca_file == ""
    assert settings.mqtt.username_file == "name"
    assert settings.outbox.directory == str(folder / "out")


@pytest.mark.parametrize(
    "source", ["sample:", "picamera2:1", "v4l2:0", "rtsp://me@cam/1", "rtsp:/me:pw@cam/1", "/dev/x"]
)
def test_a_source_that_is_no_path_stays_as_it_is(tmp_path: Path, source: str) -> None:
    path = written(tmp_path, f'[camera]\nsource = "{source}"\n')
    assert read_settings(path, {}).camera.source == source


def test_a_recording_may_have_a_colon_in_its_name(tmp_path: Path) -> None:
    (tmp_path / "10:30.mp4").touch()
    path = written(tmp_path, '[camera]\nsource = "10:30.mp4"\n')
    assert read_settings(path, {}).camera.source == str(tmp_path / "10:30.mp4")


def test_every_setting_that_names_a_file_or_folder_is_known_as_such() -> None:
    named = {
        (section.name, field.name)
        for section in msgspec.structs.fields(Settings)
        for field in msgspec.structs.fields(section.type)
        if field.name.endswith(("source", "file", "directory", "key"))
    }
    assert {(section, key) for section, key, _ in _paths(Settings)} == named


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[camera]\nsorce = 'x'\n", ["sorce", "camera"]),
        (
            "[camera]\nsuorce = 'x'\n",
            ["unknown field `suorce` (did you mean `source`?), in `camera`"],
        ),
        ("[camra]\n", ["unknown field `camra` (did you mean `camera`?)"]),
        ("[privacy]\nwhy = 'x'\n", ["`why` (there are mode, purpose), in `privacy`"]),
        ('["x` - at `$.nope"]\n', ["unknown field `x`"]),
        (
            "[camera]\nwidth = 'wide'\n",
            ["a whole number from 1 to 8192, not text, in `camera.width`"],
        ),
        ("[camera]\nwidth = 0\n", ["expected a whole number from 1 to 8192, in `camera.width`"]),
        ("[camera]\nrotate = 45\n", ["45 (there are 0, 90, 180, 270), in `camera.rotate`"]),
        (
            "[governor]\nframes_per_second = 0.9\n",
            ["a number from 1 to ", "governor.frames_per_second"],
        ),
        (
            "[camera]\nframes_per_second = 0.9\n",
            ["a number from 1 to ", "camera.frames_per_second"],
        ),
        ("[camera]\nfrozen_s = 0.5\n", ["a number from 1 to ", "camera.frozen_s"]),
        ("camera = 3\n", ["expected named values, not a whole number, in `camera`"]),
        (
            "[device]\nname = 'a/b'\n",
            ["letters, digits, _ and -, at most 64 of them", "device.name"],
        ),
        ('[privacy]\npurpose = "a\\tb"\n', ["one line of text", "privacy.purpose"]),
        ("[home_assistant]\nprefix = 'a b'\n", ["between slashes", "home_assistant.prefix"]),
        ("[privacy]\nmode = 'off'\n", ["'off' (there are full, aggregates), in `privacy.mode`"]),
        ('[device]\nname = "a\\n"\n', ["device.name"]),
        ("[perception]\nreaction = 'slow'\n", ["slow", "perception.reaction"]),
        ("[models]\ntrusted_key = 'key.pem'\n", ["need a directory", "`models`"]),
        ("[models]\nrequire_signature = false\n", ["need a directory", "`models`"]),
        (
            "[models]\ndirectory = 'm'\ntrusted_key = 'k'\nrequire_signature = false\n",
            ["of no use", "`models`"],
        ),
        ("[models]\ndirectory = 3\n", ["expected text, not a whole number", "models.directory"]),
        ("[models]\nfolder = 'm'\n", ["folder", "models"]),
        ("[camera]\nwidth = 1.5\n", ["a whole number from 1 to 8192, not a number"]),
        ("[camera]\nframes_per_second = nan\n", ["expected a number from 1 to 240, in"]),
        ("[camera]\nrotate = '90'\n", ["expected one of 0, 90, 180, 270, not text"]),
        ("[device]\nname = 5\n", ["expected letters, digits, _ and -, at most 64 of them, not"]),
        ("[models]\nrequire_signature = 1\n", ["expected true or false, not a whole number"]),
        ("[perception]\nsmallest_face = 0\n", ["expected a number above 0, of at most"]),
        ("[camera]\npassword_file = 2026-01-01\n", ["expected text, not a date"]),
        ("[camera\n", ["not TOML"]),
        ("[models]\ndirectory = '~/m'\n", ["another folder for each user", "`models.directory`"]),
        ("[camera]\nsource = '~me/a.mp4'\n", ["write the whole path", "`camera.source`"]),
    ],
)
def test_a_wrong_file_is_one_line_with_its_name_and_place(
    tmp_path: Path, text: str, said: list[str]
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        read_settings(path, {"camera": {"pace": "fast"}})
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    for word in said:
        assert word in message


@pytest.mark.parametrize(
    ("text", "overrides", "said"),
    [
        ("", {"device": {"name": "my kitchen"}}, "--device: expected letters"),
        (
            "device = 3\n",
            {"device": {"name": "a"}},
            "mien.toml: expected named values",
        ),
        ("[device]\nname = 'a b'\n", {"camera": {"source": "x"}}, "mien.toml: expected letters"),
        (
            "[camera]\nwidth = 0\n",
            {"camera": {"source": "x"}},
            "mien.toml: expected a whole",
        ),
        ("", {"camera": {"source": ""}}, "command line: expected text that is not empty"),
    ],
)
def test_a_wrong_word_of_the_command_line_is_not_the_file_s_mistake(
    tmp_path: Path, text: str, overrides: dict[str, dict[str, str]], said: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        read_settings(path, overrides, options={"device.name": "--device"})
    assert str(caught.value).removeprefix(f"{tmp_path}/").startswith(said)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.toml: No such file"):
        read_settings(tmp_path / "nowhere.toml", {})


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "mien.toml"
    path.write_bytes(b'\xef\xbb\xbf[camera]\r\nsource = "a.mp4"\r\n')
    assert read_settings(path, {}).camera.source == str(tmp_path / "a.mp4")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mien.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not TOML"):
        read_settings(path, {})


def test_the_hosts_name_is_made_fit_for_a_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "küche #1.local")
    assert read_settings(None, {}).device_name == "k-che--1"
