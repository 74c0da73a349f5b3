from __future__ import annotations

from pathlib import Path

import pytest

from edge_app.errors import MienError
from edge_app.kept_privacy import KeptPrivacy, PrivacyChoice

CHOICE = PrivacyChoice(is_paused=True, mode="aggregates")


def test_nothing_kept_yet(tmp_path: Path) -> None:
    assert KeptPrivacy(tmp_path, "desk").read() == PrivacyChoice()
    assert KeptPrivacy(None, "desk").read() == PrivacyChoice()


def test_a_choice_outlives_the_process(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    KeptPrivacy(folder, "desk").write(CHOICE)
    assert KeptPrivacy(folder, "desk").read() == CHOICE
    assert [file.name for file in folder.iterdir()] == ["privacy-desk.json"]
    KeptPrivacy(folder, "desk").write(PrivacyChoice())
    assert KeptPrivacy(folder, "desk").read() == PrivacyChoice()


def test_each_device_on_a_machine_has_its_own(tmp_path: Path) -> None:
    KeptPrivacy(tmp_path, "kitchen").write(CHOICE)
    assert KeptPrivacy(tmp_path, "desk").read() == PrivacyChoice()


def test_without_a_folder_it_lasts_as_long_as_the_process() -> None:
    kept = KeptPrivacy(None, "desk")
    kept.write(CHOICE)
    assert kept.choice == CHOICE
    assert kept.read() == CHOICE


@pytest.mark.parametrize("text", [b"", b"{", b'{"is_paused": "no"}', b'{"mode": "off"}', b"\xff"])
def test_a_damaged_file_keeps_the_camera_closed(
    tmp_path: Path, text: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "privacy-desk.json").write_bytes(text)
    assert KeptPrivacy(tmp_path, "desk").read() == CHOICE
    assert "paused to be safe" in caplog.text


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept = KeptPrivacy(tmp_path / "file" / "state", "desk")
    with pytest.raises(MienError, match=r"state/privacy-desk\.json.*writable"):
        kept.write(CHOICE)
    assert kept.choice == CHOICE
