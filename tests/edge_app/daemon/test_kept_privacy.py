from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge_app.daemon.kept_privacy import KeptPrivacy, PrivacyChoice
from edge_app.errors import MienError

CHOICE = PrivacyChoice(is_paused=True, mode="aggregates")


def test_nothing_kept_yet(tmp_path: Path) -> None:
    assert KeptPrivacy(tmp_path, "desk").read() == PrivacyChoice()


def test_a_choice_outlives_the_process(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    KeptPrivacy(folder, "desk").write(CHOICE)
    assert KeptPrivacy(folder, "desk").read() == CHOICE
    assert [file.name for file in folder.iterdir()] == ["privacy-desk.json"]
    KeptPrivacy(folder, "desk").write(PrivacyChoice())
    assert KeptPrivacy(folder, "desk").read() == PrivacyChoice()


def test_a_new_name_forgets_no_pause(tmp_path: Path) -> None:
    KeptPrivacy(tmp_path, "kitchen").write(CHOICE)
    renamed = KeptPrivacy(tmp_path, "desk")
    assert renamed.read() == CHOICE
    assert renamed.file == tmp_path / "privacy-kitchen.json"
    # Looking changes nothing: mien doctor does, too.
    assert [file.name for file in tmp_path.iterdir()] == ["privacy-kitchen.json"]
    assert KeptPrivacy(tmp_path, "hall").read() == CHOICE


def test_resume_under_a_new_name_lasts(tmp_path: Path) -> None:
    KeptPrivacy(tmp_path, "kitchen").write(CHOICE)
    renamed = KeptPrivacy(tmp_path, "desk")
    resumed = msgspec.structs.replace(renamed.read(), is_paused=False)
    renamed.write(resumed)
    assert renamed.file == tmp_path / "privacy-desk.json"
    assert KeptPrivacy(tmp_path, "desk").read() == resumed
    assert resumed.mode == "aggregates"  # which nobody took back
    renamed.write(PrivacyChoice(mode="full"))
    assert KeptPrivacy(tmp_path, "desk").read() == PrivacyChoice(mode="full")


def test_a_name_that_was_there_before_forgets_no_pause_either(tmp_path: Path) -> None:
    kitchen, desk = KeptPrivacy(tmp_path, "kitchen"), KeptPrivacy(tmp_path, "desk")
    for _ in range(3):
        kitchen.write(PrivacyChoice(is_paused=True))
        assert desk.read().is_paused
        desk.write(PrivacyChoice())
        assert not desk.read().is_paused


@pytest.mark.parametrize("old", ['{"is_paused":true,"mode":null}', '{"is_paused":true'])
def test_a_file_of_before_or_a_damaged_one_is_answered_once(tmp_path: Path, old: str) -> None:
    (tmp_path / "privacy-kitchen.json").write_text(old)
    renamed = KeptPrivacy(tmp_path, "desk")
    assert renamed.read().is_paused
    renamed.write(PrivacyChoice())
    assert KeptPrivacy(tmp_path, "desk").read() == PrivacyChoice()


def test_a_file_of_another_name_that_cannot_be_read_is_answered_too(tmp_path: Path) -> None:
    # A folder: root, who may run the tests, could read any file.
    (tmp_path / "privacy-kitchen.json").mkdir()
    renamed = KeptPrivacy(tmp_path, "desk")
    assert renamed.read() == CHOICE
    renamed.write(PrivacyChoice())
    assert KeptPrivacy(tmp_path, "desk").read() == PrivacyChoice()


def test_two_devices_in_one_folder_are_resumed_each_by_itself(tmp_path: Path) -> None:
    kitchen, desk = KeptPrivacy(tmp_path, "kitchen"), KeptPrivacy(tmp_path, "desk")
    kitchen.write(PrivacyChoice(is_paused=True))
    # Nothing says that it is no new name: it starts with its camera closed.
    assert desk.read().is_paused
    desk.write(PrivacyChoice())
    assert KeptPrivacy(tmp_path, "kitchen").read().is_paused
    assert not KeptPrivacy(tmp_path, "desk").read().is_paused
    kitchen.write(PrivacyChoice())
    assert not KeptPrivacy(tmp_path, "desk").read().is_paused


def test_what_was_asked_for_the_sake_of_openness_does_not_follow_the_device(tmp_path: Path) -> None:
    KeptPrivacy(tmp_path, "kitchen").write(PrivacyChoice(mode="full"))
    assert KeptPrivacy(tmp_path, "desk").read() == PrivacyChoice()


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"{", b'{"is_paused": "no"}', b'{"mode": "off"}', b"\xff"),
        b'{"is_paused":true,"mode":"\xff"}',
        b'{"a":' * 100_000,
    ],
    ids=lambda text: str(text[:40]),
)
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


def test_aggregates_in_the_settings_have_the_last_word_over_a_full_of_before(
    tmp_path: Path,
) -> None:
    KeptPrivacy(tmp_path, "desk", "full").write(PrivacyChoice(is_paused=True, mode="full"))
    assert KeptPrivacy(tmp_path, "desk", "full").read().mode == "full"
    later = KeptPrivacy(tmp_path, "desk", "aggregates").read()
    assert later == PrivacyChoice(is_paused=True, mode=None)


def test_a_full_that_was_asked_for_while_the_settings_said_aggregates_no_longer_holds(
    tmp_path: Path,
) -> None:
    """As they were kept while a request could do so."""
    (tmp_path / "privacy-desk.json").write_text('{"mode":"full","settings":"aggregates"}')
    assert KeptPrivacy(tmp_path, "desk", "aggregates").read() == PrivacyChoice()


def test_aggregates_that_were_asked_for_hold_whatever_the_settings_say(tmp_path: Path) -> None:
    KeptPrivacy(tmp_path, "desk", "aggregates").write(PrivacyChoice(mode="aggregates"))
    assert KeptPrivacy(tmp_path, "desk", "full").read().mode == "aggregates"


def test_what_is_kept_already_is_not_written_again(tmp_path: Path) -> None:
    kept = KeptPrivacy(tmp_path, "desk")
    kept.write(CHOICE)
    file = tmp_path / "privacy-desk.json"
    first = file.read_bytes()
    for _ in range(3):
        kept.write(CHOICE)
    KeptPrivacy(tmp_path, "desk").write(CHOICE)
    assert file.read_bytes() == first
    # A damaged one, and one that was taken away, say nothing.
    file.write_bytes(b"{")
    kept.write(CHOICE)
    file.unlink()
    kept.write(CHOICE)
    assert KeptPrivacy(tmp_path, "desk").read() == CHOICE
    kept.write(PrivacyChoice())
    assert KeptPrivacy(tmp_path, "desk").read() == PrivacyChoice()


def test_a_pause_that_another_name_has_answered_is_written_again(tmp_path: Path) -> None:
    kitchen, desk = KeptPrivacy(tmp_path, "kitchen"), KeptPrivacy(tmp_path, "desk")
    kitchen.write(PrivacyChoice(is_paused=True))
    desk.write(PrivacyChoice())
    assert not desk.read().is_paused
    kitchen.write(PrivacyChoice(is_paused=True))
    assert desk.read().is_paused
