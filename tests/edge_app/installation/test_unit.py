"""What systemd says; in its place a program that says what it says where it runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edge_app.doctor.command import _checks
from edge_app.installation.service import SERVICE_SETTINGS
from edge_app.installation.unit import has_unit, read_unit
from edge_app.settings import Settings

SHIPPED = {
    "LoadState": "loaded",
    "ProtectSystem": "strict",
    "ReadWritePaths": "-/sys/class/leds/ACT/trigger",
    "BindPaths": "",
    "StandardOutput": "null",
}


@pytest.fixture(autouse=True)
def _systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shell = shutil.which("sh")
    program = tmp_path / "systemctl"
    program.write_text(f'#!{shell}\n. "{tmp_path}/says"\n', encoding="utf-8")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    says(tmp_path)


def says(folder: Path, **changed: str) -> None:
    lines = (f"echo '{name}={value}'\n" for name, value in (SHIPPED | changed).items())
    (folder / "says").write_text("".join(lines), encoding="utf-8")


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, False),
        ({"ReadWritePaths": "-/sys/class/leds/ACT/trigger /srv/other"}, False),
        ({"ReadWritePaths": "-/sys/class/leds/ACT/trigger /srv/mien"}, True),
        ({"ReadWritePaths": "/srv/other -+/srv"}, True),
        ({"BindPaths": "-/mnt/disk:/disk /mnt/usb:/srv/mien:rbind"}, True),
        ({"BindPaths": "/srv/mien:/mnt/usb:rbind"}, False),
        ({"ProtectSystem": "full"}, True),
    ],
)
def test_what_the_service_may_write(
    tmp_path: Path, changed: dict[str, str], *, verdict: bool
) -> None:
    says(tmp_path, **changed)
    unit = read_unit()
    assert unit is not None
    assert unit.may_write(Path("/srv/mien")) is verdict


@pytest.mark.parametrize(("output", "is_heard"), [("null", False), ("journal", True)])
def test_where_what_it_prints_goes(tmp_path: Path, output: str, *, is_heard: bool) -> None:
    says(tmp_path, StandardOutput=output)
    unit = read_unit()
    assert unit is not None
    assert unit.has_output is is_heard


@pytest.mark.parametrize(("output", "verdict"), [("null", "failure"), ("journal", "ok")])
def test_the_doctor_asks(tmp_path: Path, output: str, verdict: str) -> None:
    says(tmp_path, StandardOutput=output)
    (check,) = [
        check for group, check in _checks(Settings(), SERVICE_SETTINGS) if group.name == "broker"
    ]
    assert [finding.verdict for finding in check()] == [verdict]


def test_a_system_that_does_not_answer(tmp_path: Path) -> None:
    says(tmp_path, LoadState="not-found")
    assert read_unit() is None
    (tmp_path / "says").write_text("exit 1", encoding="utf-8")
    assert read_unit() is None
    (tmp_path / "systemctl").unlink()
    assert read_unit() is None


def test_whether_a_service_is_installed(tmp_path: Path) -> None:
    folders = (tmp_path / "etc", tmp_path / "usr")
    assert not has_unit(folders)
    for folder in folders:
        folder.mkdir()
    # As a removal leaves it.
    (folders[0] / "mien.service").symlink_to("/dev/null")
    assert not has_unit(folders)
    (folders[1] / "mien.service").touch()
    assert has_unit(folders)
