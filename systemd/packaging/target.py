"""The machines that packages are made for: Debian's names for them, and pip's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: Debian's architecture → Python's machine.
MACHINES = {"arm64": "aarch64", "amd64": "x86_64"}
#: Debian's release → its number and the version of its python3.
SUITES = {"bookworm": (12, "3.11"), "trixie": (13, "3.13")}
#: manylinux policies, oldest first: Debian 12 has glibc 2.36.
_GLIBC = ("2_17", "2014", "2_27", "2_28", "2_31", "2_34", "2_35")


@dataclass(frozen=True, slots=True)
class Target:
    """suite: bookworm or trixie. architecture: arm64 or amd64."""

    suite: str
    architecture: str

    @property
    def release(self) -> int:
        """Debian's number."""
        return SUITES[self.suite][0]

    @property
    def python(self) -> str:
        """As in 3.11."""
        return SUITES[self.suite][1]

    @property
    def next_python(self) -> str:
        """The first version that wheels for `python` do not fit any more."""
        major, minor = self.python.split(".")
        return f"{major}.{int(minor) + 1}"

    @property
    def markers(self) -> Mapping[str, str]:
        """The environment that requirements' markers are about (PEP 508)."""
        return {
            "implementation_name": "cpython",
            "os_name": "posix",
            "platform_machine": MACHINES[self.architecture],
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }

    @property
    def pip_options(self) -> list[str]:
        """What has pip choose wheels for the target, whatever it runs on itself."""
        machine = MACHINES[self.architecture]
        platforms = [
            f"--platform=manylinux{'' if p == '2014' else '_'}{p}_{machine}" for p in _GLIBC
        ]
        return [
            "--only-binary=:all:",
            "--implementation=cp",
            f"--python-version={self.python}",
            *platforms,
        ]
