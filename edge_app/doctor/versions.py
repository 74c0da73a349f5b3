"""This installation → its versions, and which of them are older than Mien is made for."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata

from edge_app.doctor.finding import Finding, Group
from edge_app.extras import is_debians
from edge_app.version import mien_version

GROUP = Group("versions")

#: Raspberry Pi OS "bookworm" came with Linux 6.1; its predecessor ended with this one.
OLDEST_KERNEL = "5.15"
#: The first Debian with the Python that Mien needs, and Raspberry Pi OS after it.
_OLDEST_DEBIAN = "12"

_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)[^;]*?>=([0-9.]+)")
#: Only one of them is needed; with none the models say so.
_RUNTIMES = ("ai-edge-litert", "tflite-runtime")
#: They belong to commands for people.
_LEFT_OUT = ("tqdm",)


def check_versions(
    *,
    version: Callable[[str], str] = metadata.version,
    kernel: Callable[[], str] = platform.release,
    os_release: Callable[[], Mapping[str, str]] = platform.freedesktop_os_release,
) -> Iterator[Finding]:
    """Mien, Python, the packages, the kernel and the operating system.

    version: of a distribution, as `importlib.metadata.version` tells it.
    """
    yield GROUP.ok("mien", mien_version())
    yield GROUP.ok("python", f"{platform.python_version()}, {platform.machine()}")
    oldest = _oldest()
    for name in _RUNTIMES:
        try:
            yield _package(name, version(name), oldest.get(name))
        except metadata.PackageNotFoundError:
            continue
    for name in sorted(set(oldest) - {*_RUNTIMES, *_LEFT_OUT}):
        try:
            yield _package(name, version(name), oldest[name])
        except metadata.PackageNotFoundError:
            # Debian's own OpenCV, for one, is not called as the one of PyPI.
            yield GROUP.warning(name, "not installed under this name", _pip(name))
    yield _kernel(kernel())
    yield _system(os_release)


def _oldest() -> dict[str, str]:
    """Distribution → the oldest version that Mien's base requirements take."""
    lines = [line for line in metadata.requires("mien") or [] if "extra ==" not in line]
    return {found[1]: found[2] for line in lines if (found := _REQUIREMENT.match(line))}


def _package(name: str, found: str, oldest: str | None) -> Finding:
    if oldest is not None and _numbers(found) < _numbers(oldest):
        return GROUP.warning(name, f"{found} is older than {oldest}", _pip(f"--upgrade {name}"))
    return GROUP.ok(name, found)


def _pip(what: str) -> str:
    return "install Mien's package anew" if is_debians() else f"pip install {what}"


def _kernel(release: str) -> Finding:
    if _numbers(release) < _numbers(OLDEST_KERNEL):
        return GROUP.warning(
            "kernel", f"{release} is older than {OLDEST_KERNEL}", "upgrade the operating system"
        )
    return GROUP.ok("kernel", release)


def _system(os_release: Callable[[], Mapping[str, str]]) -> Finding:
    try:
        said = os_release()
    except OSError:
        return GROUP.ok("system", "this machine does not report it")
    name = said.get("PRETTY_NAME", said.get("ID", "unknown"))
    is_debian = said.get("ID") in {"debian", "raspbian"}
    if is_debian and _numbers(said.get("VERSION_ID", _OLDEST_DEBIAN)) < _numbers(_OLDEST_DEBIAN):
        return GROUP.warning(
            "system",
            f"{name} is older than Debian {_OLDEST_DEBIAN}",
            "install the current Raspberry Pi OS on a new card",
        )
    return GROUP.ok("system", name)


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: 6.12.34-v8+ is 6, 12, 34."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(number) for number in found[0].split(".")) if found else ()
