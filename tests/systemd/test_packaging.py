"""What a package holds for each machine it is made for, as far as it needs no download."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from systemd.packaging.locked import lines_for
from systemd.packaging.target import MACHINES, SUITES, Target
from systemd.packaging.tree import copy_files

ROOT = Path(__file__).parents[2]
HERE = ROOT / "systemd/packaging"
TARGETS = [Target(suite, machine) for suite in SUITES for machine in MACHINES]


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_every_locked_package_that_a_device_needs_is_chosen(target: Target) -> None:
    lines = list(lines_for(target, ROOT / "requirements/device.txt", without=["numpy"]))
    names = [line.partition("==")[0] for line in lines]
    assert {"ai-edge-litert", "msgspec", "opencv-python-headless", "paho-mqtt"} <= set(names)
    assert not {"numpy", "colorama"} & set(names)  # Debian's, and Windows'
    assert len(names) == len(set(names))
    assert all(re.search(r" --hash=sha256:[0-9a-f]{64}", line) for line in lines)
    assert all(";" not in line for line in lines)


def test_markers_are_those_of_the_target_and_not_of_this_machine(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(
        "a==1 ; python_full_version < '3.12' \\\n    --hash=sha256:aa\n"
        "a==2 ; python_full_version >= '3.12' \\\n    --hash=sha256:bb\n"
        "b==3 ; platform_machine == 'aarch64' \\\n    --hash=sha256:cc \\\n    --hash=sha256:dd\n"
    )
    assert list(lines_for(Target("bookworm", "amd64"), lock)) == ["a==1 --hash=sha256:aa"]
    assert list(lines_for(Target("trixie", "arm64"), lock)) == [
        "a==2 --hash=sha256:bb",
        "b==3 --hash=sha256:cc --hash=sha256:dd",
    ]


def test_the_newer_release_has_the_newer_package() -> None:
    versions = [f"0.1.0+deb{Target(suite, 'arm64').release}" for suite in ("bookworm", "trixie")]
    compared = ["dpkg", "--compare-versions", versions[0], "lt", versions[1]]
    assert subprocess.run(compared, check=False).returncode == 0


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_no_file_of_the_package_is_anybodys_to_change(target: Target, tmp_path: Path) -> None:
    copy_files(target, tmp_path)
    # Of what lies in /etc, dpkg would ask which changes are to stay.
    assert [path.name for path in tmp_path.iterdir()] == ["usr"]
    shipped = tmp_path / "usr/share/mien/mien.toml"
    assert shipped.read_text() == (ROOT / "systemd/mien.toml").read_text()
    assert (tmp_path / "usr/lib/udev/rules.d/60-mien-led.rules").is_file()


@pytest.mark.parametrize("script", ["postinst", "prerm", "postrm"])
def test_maintainer_scripts_are_shell(script: str) -> None:
    text = (HERE / script).read_text()
    assert text.startswith("#!/bin/sh\n")
    assert "\nset -e\n" in text
    checked = subprocess.run(["sh", "-n"], input=text, text=True, check=False, capture_output=True)
    assert (checked.returncode, checked.stderr) == (0, "")
