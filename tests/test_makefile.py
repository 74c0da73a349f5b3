"""What make says before it installs anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("flash",), "say which card: make flash DEVICE=/dev/…; lsblk shows them"),
        (("flash", "DEVICE=/dev/null"), "there is no image in dist/: run sudo make image"),
        *(
            ((target, "DATA=nowhere"), "nowhere is no folder; say DATA=folder")
            for target in (
                "train", "models", "detector", "gray-yunet", "parity", "seeing", "bench-peers",
                "evaluate", "report",
            )
        ),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_first(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    # Without the lists of requirements, any installation fails.
    shutil.copy(ROOT / "Makefile", tmp_path)
    words = ["make", "--no-print-directory", *arguments]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(said)
    assert done.stdout == ""


@pytest.mark.parametrize("target", ["deb", "image", "flash"])
def test_packages_and_images_need_no_workstation(target: str) -> None:
    words = ["make", "--dry-run", "--always-make", target, "DEVICE=/dev/sdX", "IMAGE=mien.img.xz"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ".venv-build" in done.stdout
    assert ".venv-dev" not in done.stdout


@pytest.mark.parametrize(
    ("target", "script", "environment"),
    [
        ("test-deb", "systemd/packaging/try_debs.sh", ".venv-build"),
        ("test-imager", "systemd/imager/try_cloud_init.sh", ".venv-dev"),
        ("test-arm", "tests/device/unit_tests.sh", ".venv-dev"),
    ],
)
def test_what_is_built_to_be_tried_is_built_by_what_make_has_installed(
    tmp_path: Path, target: str, script: str, environment: str
) -> None:
    """PYTHON, which is exported, makes the environments; it has no packages itself."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in (f"{environment}/.complete", script):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch(mode=0o755)
    (tmp_path / script).write_text('#!/bin/sh\necho "$PYTHON"\n')
    words = ["make", "--no-print-directory", f"--old-file={environment}/.complete", target]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == f"{environment}/bin/python\n"


def test_the_newest_image_is_flashed_whatever_it_is_called(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "dist").mkdir()
    names = ("0.1.0_arm64", "0.1.0+git99.gabc_arm64", "0.1.0+git100.gabc_arm64")
    for time, name in enumerate(names):
        image = tmp_path / f"dist/mien_{name}_trixie.img.xz"
        image.touch()
        os.utime(image, (time, time))
    words = ["make", "--no-print-directory", "--eval", "show: ; @echo $(IMAGE)", "show"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == f"dist/mien_{names[-1]}_trixie.img.xz\n"


def test_clean_leaves_nothing_that_make_made_and_every_training_run(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    made = (".venv", ".venv-dev", ".venv-torch", ".venv-ranges", ".venv-build", "build", "dist")
    for name in (*made, "runs"):
        (tmp_path / name / "inside").mkdir(parents=True)
    subprocess.run(["make", "-s", "clean"], cwd=tmp_path, check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Makefile", "runs"]


def test_nothing_is_installed_that_is_held_to_no_hash(tmp_path: Path) -> None:
    """Mien itself excepted, which is built here, by what is installed."""
    python = tmp_path / "python3"
    python.write_text(
        '#!/bin/sh\nfor word; do line="$line $word"; done\ncase "$line" in\n'
        f'  *" -m venv "*) mkdir -p "$word/bin" && cp "$0" "$word/bin/python" ;;\n'
        f'  *" pip "*) echo "$line" >>{tmp_path}/pip ;;\nesac\n'
    )
    python.chmod(0o755)
    words = [ROOT / "requirements/install.sh", tmp_path / "venv", "list.txt"]
    subprocess.run(words, env={**os.environ, "PYTHON": str(python)}, check=True)
    locked, mien = (tmp_path / "pip").read_text().splitlines()
    assert "--require-hashes -r list.txt -r " in locked
    assert {"--no-deps", "--no-build-isolation", "--editable"} < set(mien.split())


def test_what_builds_mien_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    text = (ROOT / "requirements/backend.txt").read_text().replace("\\\n", "")
    locked = dict(re.findall(r"^([\w-]+)==(\S+) .*--hash=sha256:", text, re.MULTILINE))
    for needed in map(Requirement, project["build-system"]["requires"]):
        assert needed.specifier.contains(locked[needed.name])
    assert len(text.splitlines()) == len(locked)
