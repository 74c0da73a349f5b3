"""A path → its name as OpenCV's videos take it, or None where they take none."""

from __future__ import annotations

from pathlib import Path


def opencv_name(path: Path) -> str | None:
    """The whole path; None where it is not UTF-8: OpenCV ends the process at such a name."""
    # FFmpeg would take what stands before a colon for a protocol; not so in a whole path.
    name = str(path.absolute())
    try:
        name.encode()
    except UnicodeEncodeError:
        return None
    return name


def printable(path: Path) -> str:
    r"""The whole path for a message that any stream takes: bytes that are not UTF-8 as `\xe9`."""
    name = str(path.absolute()).encode("utf-8", "surrogateescape")
    return name.decode("utf-8", "backslashreplace")
