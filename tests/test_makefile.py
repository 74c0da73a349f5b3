"""What make says before it installs anything."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

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
