"""The package's installation names the next step, unless the settings already say the purpose."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "systemd"
SHIPPED = (FOLDER / "mien.toml").read_text(encoding="utf-8")
POSTINST = (FOLDER / "packaging/postinst").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("settings", "is_named"),
    [
        (SHIPPED, True),
        (SHIPPED.replace("#purpose", "purpose"), False),
        ('[privacy]\npurpose = ""\n', True),
        ("[privacy]\npurpose='home'\n", False),
        (None, True),
    ],
    ids=["shipped", "said", "empty", "quoted otherwise", "no file"],
)
def test_the_next_step_is_named(tmp_path: Path, settings: str | None, *, is_named: bool) -> None:
    file = tmp_path / "mien.toml"
    if settings is not None:
        file.write_text(settings)
    hint = re.search(r"^if ! grep .*?^fi$", POSTINST, re.MULTILINE | re.DOTALL)
    assert hint is not None
    # As in the package: the first failure would end the installation.
    script = "set -e\n" + hint[0].replace("/etc/mien/mien.toml", str(file))
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True, timeout=30
    )
    assert ("sudo mien setup" in done.stderr) == is_named
