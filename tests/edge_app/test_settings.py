from pathlib import Path

import pytest

from edge_app.errors import UsageError
from edge_app.settings import read_settings


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
        ("[camera]\nwidth = 'wide'\n", ["int", "str", "camera.width"]),
        ("[camera]\nwidth = 0\n", [">= 1", "camera.width"]),
        ("[camera]\nrotate = 45\n", ["45 (there are 0, 90, 180, 270), in `camera.rotate`"]),
        ("[governor]\nframes_per_second = 0.9\n", [">= 1", "governor.frames_per_second"]),
        ("[camera]\nframes_per_second = 0.9\n", [">= 1", "camera.frames_per_second"]),
        ("camera = 3\n", ["camera"]),
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
        ("[models]\ndirectory = 3\n", ["str", "models.directory"]),
        ("[models]\nfolder = 'm'\n", ["folder", "models"]),
        ("[camera\n", ["not TOML"]),
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


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.toml: No such file"):
        read_settings(tmp_path / "nowhere.toml", {})


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mien.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not TOML"):
        read_settings(path, {})


def test_the_hosts_name_is_made_fit_for_a_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "küche #1.local")
    assert read_settings(None, {}).device_name == "k-che--1"
