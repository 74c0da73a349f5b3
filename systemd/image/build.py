"""Debian packages and Mien's own → a bootable SD-card image for Raspberry Pi, arm64.

No loop device and no mount. Two builds of one package, from the same versions of Debian's packages,
are equal, byte for byte.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

from edge_app.errors import MienError, UsageError
from systemd.image import boot_partition, root_partition
from systemd.image.partition_table import FAT32_LBA, LINUX, encode, place
from systemd.image.root import make_root
from systemd.image.tools import Tools, debian_sources, unpack
from systemd.packaging.tree import ROOT

SUITES = ("trixie",)
_DISK_ID = 0x4D49454E
_COMPONENTS = "main non-free-firmware"


def main(words: list[str] | None = None) -> int:
    """Build the image; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--suite", choices=SUITES, default=SUITES[0])
    parser.add_argument("--deb", type=Path, metavar="FILE", help="built first, if not given")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", metavar="FOLDER")
    parser.add_argument(
        "--work", type=Path, default=ROOT / "build/image", metavar="FOLDER", help="the raw image"
    )
    asked = parser.parse_args(words)
    try:
        packed = build(asked.suite, asked.deb, work=asked.work.resolve(), output=asked.output)
    except MienError as error:
        sys.stderr.write(f"mien: {error}\n")
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        return 130
    sys.stdout.write(f"{packed}: {packed.stat().st_size / 1e6:.1f} MB\n")
    return 0


def build(suite: str, deb: Path | None, *, work: Path, output: Path) -> Path:
    """Build the image; returns the compressed one. Beside it stand its versions and its SHA-256.

    Raises:
        UsageError: `deb` is no package of Mien for this image, or a program is missing.
        MienError: a step failed.
    """
    if shutil.which("mmdebstrap") is None:
        raise UsageError("mmdebstrap is missing: apt-get install mmdebstrap qemu-user-static")
    say = _Steps()
    work.mkdir(parents=True, exist_ok=True)
    output.mkdir(parents=True, exist_ok=True)
    if deb is None:
        say("building Mien's own package")
        deb = _build_package(suite, work)
    version, epoch = version_of(deb, suite), time_of(deb)
    sources = list(debian_sources(suite, _COMPONENTS))
    say("unpacking the tools")
    tools = unpack(work / f"tools-{suite}", suite, sources[:1], epoch=epoch)
    say("installing Debian and Mien, under emulation")
    root = make_root(work, deb.resolve(), suite, sources, epoch=epoch)
    say("making the partitions")
    raw = raw_image(work, version, suite)
    boot_partition.complete(root.boot)
    _write_image(raw, work, root.archive, root.boot, tools)
    say("compressing")
    packed = output / f"{raw.name}.xz"
    _compress(raw, packed, tools)
    manifest = output / f"{raw.name}.packages"
    shutil.copyfile(root.manifest, manifest)
    with packed.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    (output / f"{packed.name}.sha256").write_text(f"{digest}  {packed.name}\n", encoding="utf-8")
    say(f"done: {raw}, {raw.stat().st_size / 1e6:.0f} MB")
    return packed


class _Steps:
    """Says on standard error what is being done, and how long it has taken so far."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __call__(self, text: str) -> None:
        sys.stderr.write(f"[{time.monotonic() - self._start:4.0f} s] {text}\n")
        sys.stderr.flush()


def _build_package(suite: str, work: Path) -> Path:
    folder = work / "package"
    shutil.rmtree(folder, ignore_errors=True)
    build = [sys.executable, "-m", "systemd.packaging.build", "--suite", suite]
    done = subprocess.run(
        [*build, "--architecture", "arm64", "--output", str(folder)], cwd=ROOT, check=False
    )
    if done.returncode != 0:
        raise MienError("Mien's own package could not be built; the lines above say why")
    (package,) = folder.glob("*.deb")
    return package


def version_of(deb: Path, suite: str) -> str:
    """The package's version, without what it says of the release.

    Raises:
        UsageError: it is no package of Mien for this image.
    """
    fields = ("Package", "Architecture", "Version")
    done = subprocess.run(
        ["dpkg-deb", "--show", "--showformat", "${Package} ${Architecture} ${Version}", str(deb)],
        capture_output=True,
        text=True,
        check=False,
    )
    said = dict(zip(fields, done.stdout.split(), strict=False))
    wanted = {"trixie": "+deb13"}[suite]
    version = said.get("Version", "")
    fits = (said.get("Package"), said.get("Architecture")) == ("mien", "arm64")
    if not fits or not version.endswith(wanted):
        raise UsageError(f"{deb}: no package of Mien for arm64 and {suite}: make deb builds one")
    return version.removesuffix(wanted)


def raw_image(work: Path, version: str, suite: str) -> Path:
    """Where the unpacked image goes; each commit's has another name, and one has to do."""
    for earlier in work.glob(f"mien_*_arm64_{suite}.img"):
        earlier.unlink()
    return work / f"mien_{version}_arm64_{suite}.img"


def time_of(deb: Path) -> int:
    """The time of the package's files, which the image's get, too; seconds since 1970."""
    with (
        subprocess.Popen(
            ["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE
        ) as process,
        tarfile.open(fileobj=process.stdout, mode="r|") as tar,
    ):
        return max(int(entry.mtime) for entry in tar)


def _write_image(raw: Path, work: Path, archive: Path, boot: Path, tools: Tools) -> None:
    first, second = work / "boot.vfat", work / "root.ext4"
    boot_partition.write_boot_partition(boot, first, tools)
    root_partition.write_root_partition(archive, second, root_partition.root_size(archive), tools)
    kinds = [(FAT32_LBA, first.stat().st_size), (LINUX, second.stat().st_size)]
    partitions = place(kinds)
    with raw.open("wb") as stream:
        stream.write(encode(partitions, disk_id=_DISK_ID))
        stream.truncate(partitions[-1].start + partitions[-1].size)
    for partition, file in zip(partitions, (first, second), strict=True):
        # dd leaves holes where there are only zeros.
        words = ["bs=4M", f"seek={partition.start}", "oflag=seek_bytes", "conv=sparse,notrunc"]
        subprocess.run(["dd", f"if={file}", f"of={raw}", "status=none", *words], check=True)
        file.unlink()


def _compress(raw: Path, packed: Path, tools: Tools) -> None:
    new = packed.with_name(packed.name + ".new")
    # Blocks of one size, and the threads' way of writing them, whatever the number of cores.
    words = ["--stdout", "--threads=+0", "--block-size=64MiB", "-6", str(raw)]
    with new.open("wb") as stream:
        subprocess.run(tools.command("xz", words), stdout=stream, env=tools.environment, check=True)
    new.replace(packed)


if __name__ == "__main__":
    sys.exit(main())
