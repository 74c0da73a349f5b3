"""An installation's camera stays closed until its purpose is said; recordings need none."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge_app.installation.purpose import UNACKNOWLEDGED, missing_purpose
from edge_app.installation.service import SERVICE_SETTINGS
from edge_app.settings_file import read_settings

FILE = Path("mien.toml")


def lacking(source: str, *, file: Path | None = FILE, purpose: str = "") -> str | None:
    settings = read_settings(None, {"camera": {"source": source}, "privacy": {"purpose": purpose}})
    return missing_purpose(settings, file)


@pytest.mark.parametrize("source", ["/dev/video0", "rtsp://lens.example/1", "http://lens.example/"])
def test_live_sources_of_a_settings_file_need_a_purpose(source: str) -> None:
    said = lacking(source)
    assert said is not None
    assert said.startswith("mien.toml: no purpose is acknowledged")
    assert "mien setup --settings mien.toml" in said
    assert "\n" not in said
    assert "sudo mien setup asks" in (lacking(source, file=SERVICE_SETTINGS) or "")
    assert lacking(source, purpose=" ") is not None
    assert lacking(source, purpose="test") is None
    assert lacking(source, file=None) is None


def test_recordings_need_none(tmp_path: Path) -> None:
    assert lacking("sample:") is None
    assert lacking(str(tmp_path)) is None


def command(folder: Path, *, settings: str) -> list[str]:
    file = folder / "mien.toml"
    file.write_text(settings)
    return [sys.executable, "-m", "edge_app.cli", "run", "--settings", str(file)]


def test_the_service_ends_with_its_own_code_before_anything_is_opened(tmp_path: Path) -> None:
    words = command(tmp_path, settings='[camera]\nsource = "/dev/video99"\n')
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (UNACKNOWLEDGED, "")
    assert done.stderr.startswith(f"mien: {tmp_path}")
    assert "mien setup" in done.stderr
    assert done.stderr.count("\n") == 1


def test_with_a_purpose_the_camera_is_looked_for(tmp_path: Path) -> None:
    words = command(
        tmp_path, settings='[camera]\nsource = "/dev/video99"\n[privacy]\npurpose = "test"\n'
    )
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert "/dev/video99: no such camera" in process.stderr.readline()
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
