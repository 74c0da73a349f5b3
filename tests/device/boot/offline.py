"""Files → into the ext4 root of a disk that is not running, without a mount."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from tests.device.boot.image import Image, e2fsprogs


def put_files(image: Image, disk: Path, files: Mapping[str, bytes]) -> None:
    """Write each path of `files`, readable by everybody; folders are made where they are missing.

    disk: raw, laid out as `image`.

    Raises:
        AssertionError: a file does not stand there afterwards.
    """
    with tempfile.TemporaryDirectory() as name:
        lines = []
        for number, (path, content) in enumerate(files.items()):
            source = Path(name, str(number))
            source.write_bytes(content)
            source.chmod(0o644)
            # What exists already is refused, and left as it is.
            folders = [str(each) for each in reversed(PurePosixPath(path).parents)][1:]
            lines += [f"mkdir {each}" for each in folders]
            lines += [f"rm {path}", f"write {source} {path}"]
        script = Path(name, "script")
        script.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        _debugfs(image, disk, "-w", "-f", str(script))
    for path, content in files.items():
        assert read_file(image, disk, path) == content, f"{path} was not written"


def read_file(image: Image, disk: Path, path: str) -> bytes:
    """What stands in a file of the root."""
    return _debugfs(image, disk, "-R", f"cat {path}")


def names_in(image: Image, disk: Path, folder: str) -> list[str]:
    """What a folder of the root holds."""
    lines = _debugfs(image, disk, "-R", f"ls -p {folder}").decode().splitlines()
    return [line.split("/")[5] for line in lines if line.startswith("/")]


def make_ext4(file: Path, label: str, size: int) -> None:
    """Make `file` an empty disk of `size` bytes."""
    with file.open("wb") as stream:
        stream.truncate(size)
    command = [e2fsprogs("mke2fs"), "-q", "-t", "ext4", "-L", label, str(file)]
    subprocess.run(command, capture_output=True, check=True)


def _debugfs(image: Image, disk: Path, *words: str) -> bytes:
    device = f"{disk}?offset={image.offset}" if image.offset else str(disk)
    command = [e2fsprogs("debugfs"), *words, device]
    return subprocess.run(command, capture_output=True, check=True).stdout
