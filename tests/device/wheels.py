"""The locked requirements → wheels for an emulated arm64 Debian, unpacked into a folder.

`python -m tests.device.wheels SUITE FOLDER`: the device's packages, the demo's, and pytest.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from systemd.packaging.locked import lines_for
from systemd.packaging.target import Target
from systemd.packaging.tree import build_wheel
from tests.device.emulation import REPOSITORY

#: Of the workstation's packages, what the device's tests import.
TESTED_WITH = {
    *("pytest", "iniconfig", "packaging", "pluggy", "pygments", "pytest-timeout", "pyyaml"),
    *("cryptography", "cffi", "pycparser"),
    *("jsonschema", "jsonschema-specifications", "referencing", "attrs", "rpds-py"),
    *("scikit-image", "scipy", "pillow", "imageio", "tifffile", "lazy-loader", "networkx"),
}


def lines(target: Target) -> Iterator[str]:
    """What pip is to unpack, each with its hashes."""
    requirements = REPOSITORY / "requirements"
    yield from lines_for(target, requirements / "demo.txt")
    for line in lines_for(target, requirements / "dev.txt"):
        if line.partition("==")[0] in TESTED_WITH:
            yield line


def main() -> None:
    suite, into = sys.argv[1:]
    target = Target(suite, "arm64")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Of Mien itself, for its version: the code comes from the checkout.
        mien = build_wheel(folder)
        digest = hashlib.sha256(mien.read_bytes()).hexdigest()
        wanted = [*dict.fromkeys(lines(target)), f"{mien} --hash=sha256:{digest}"]
        lock = folder / "requirements.txt"
        lock.write_text("".join(f"{line}\n" for line in wanted), encoding="utf-8")
        subprocess.run(
            [
                *(
                    *pip,
                    "install",
                    "--no-deps",
                    "--require-hashes",
                    f"-r{lock}",
                    f"--target={into}",
                ),
                *target.pip_options,
                # pip compares with the Python that it runs on; the lock has the target's.
                "--ignore-requires-python",
            ],
            check=True,
        )


if __name__ == "__main__":
    main()
