"""An emulated core of a Raspberry Pi → the command that runs Python on it.

`tests/device/arm64_root.sh` unpacks what this stands on.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
HOME = REPOSITORY / "build" / "arm64"

#: Core → the boards that have it. QEMU's default core, `max`, is ten times slower.
CORES = {
    "cortex-a53": "Raspberry Pi 3, Zero 2 W",
    "cortex-a72": "Raspberry Pi 4",
    "cortex-a76": "Raspberry Pi 5",
}

#: Debian release → its Python: those of Raspberry Pi OS.
SUITES = {"bookworm": "3.11", "trixie": "3.13"}


@dataclass(frozen=True, slots=True)
class Emulated:
    """One core under one Debian release, with the device's locked packages."""

    core: str
    suite: str

    @property
    def root(self) -> Path:
        """Where the release's files lie."""
        return HOME / self.suite

    @property
    def is_there(self) -> bool:
        """Whether the root and QEMU are unpacked."""
        return all((folder / ".complete").exists() for folder in (self.root, HOME / "qemu-trixie"))

    def python(self, words: Sequence[str]) -> list[str]:
        """The command that runs `python WORDS` on the core; paths are the host's."""
        return [*_qemu("trixie"), *self._machine(), *words]

    def counted_python(self, plugin: Path, words: Sequence[str]) -> list[str]:
        """The same in a QEMU that takes plugins.

        Addresses are not randomized, so that counts repeat. This QEMU shows the host's
        /proc/cpuinfo unless the root has one: call `write_cpuinfo` first.
        """
        machine = ["-plugin", str(plugin), *self._machine()]
        return ["setarch", "--addr-no-randomize", *_qemu("bookworm"), *machine, *words]

    @property
    def environment(self) -> dict[str, str]:
        """What its Python needs to find its own modules; add Mien's to PYTHONPATH."""
        return {"PYTHONHOME": "/usr", "PYTHONPATH": "/opt/mien"}

    def write_cpuinfo(self) -> None:
        """Put the core's /proc/cpuinfo into the root."""
        program = "print(open('/proc/cpuinfo').read())"
        place = self.root / "proc" / "cpuinfo"
        place.parent.mkdir(exist_ok=True)
        place.unlink(missing_ok=True)
        place.write_text(run(self.python(["-c", program]), **self.environment).stdout)

    def _machine(self) -> list[str]:
        python = self.root / "usr" / "bin" / f"python{SUITES[self.suite]}"
        return ["-cpu", self.core, "-L", str(self.root), str(python)]


def run(command: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing of this machine's environment; its errors end us."""
    clean = {
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "OPENBLAS_NUM_THREADS": "1",
    }
    done = subprocess.run(
        command, env=clean | environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}:\n{done.stderr}")
    return done


def _qemu(suite: str) -> list[str]:
    """QEMU of a Debian release, with that release's libraries where it is linked to any."""
    folder = HOME / f"qemu-{suite}"
    program = str(folder / "usr" / "bin" / "qemu-aarch64")
    if suite == "trixie":  # a static program
        return [program]
    (loader,) = (folder / "lib64").glob("ld-linux-*.so.2")
    libraries = next(folder.glob("usr/lib/*-linux-gnu"))
    return [str(loader), "--library-path", str(libraries), program]
