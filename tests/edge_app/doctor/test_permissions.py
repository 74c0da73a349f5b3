from __future__ import annotations

from pathlib import Path

import pytest

from edge_app.doctor.finding import Finding
from edge_app.doctor.permissions import check_permissions


def check(
    source: str, *files: Path, user: str = "mien", groups: tuple[str, ...] = ()
) -> dict[str, Finding]:
    found = check_permissions(source, files, user=lambda: user, groups=lambda: groups)
    return {finding.name: finding for finding in found}


@pytest.mark.parametrize("source", ["/dev/video99", "v4l2:0", "picamera2:"])
def test_a_camera_wants_the_group_video(source: str) -> None:
    assert check(source, groups=("video",))["camera"].verdict == "ok"
    assert check(source, user="root")["camera"].verdict == "ok"
    found = check(source, groups=("audio",))["camera"]
    assert (found.verdict, found.advice) == (
        "warning",
        "sudo usermod -aG video mien, and log in again",
    )


def test_a_device_that_is_open_to_this_user() -> None:
    assert check("/dev/null")["camera"].verdict == "ok"


def test_what_is_no_device_wants_no_group() -> None:
    found = check("rtsp://mien:hunter2@cam/1")["camera"]
    assert (found.verdict, found.text) == ("ok", "user mien; the source is not a device")


def test_the_modes_of_secrets(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hunter2\n")
    for mode, verdict in ((0o600, "ok"), (0o640, "ok"), (0o644, "warning"), (0o602, "warning")):
        file.chmod(mode)
        found = check("sample:", file)["password"]
        assert found.verdict == verdict
        assert "hunter2" not in repr(found)
    assert found.advice == f"chmod o= {file}"


def test_a_secret_that_cannot_be_read(tmp_path: Path) -> None:
    assert check("sample:", tmp_path / "none")["none"].verdict == "failure"
    assert check("sample:", tmp_path)[tmp_path.name].verdict == "failure"


def test_the_present_user() -> None:
    assert [each.verdict for each in check_permissions("sample:", ())] == ["ok"]
