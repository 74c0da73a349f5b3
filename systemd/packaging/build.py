"""This checkout → Debian packages, for one Debian release and architecture each.

Neither root nor emulation is needed: wheels are unpacked, and byte code is made on the device. Two
builds of one commit are equal, byte for byte, where dpkg and xz are the same.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from email.utils import formatdate
from pathlib import Path

from systemd.packaging.checkout import time_of, version_of
from systemd.packaging.target import MACHINES, SUITES, Target
from systemd.packaging.tree import ROOT, lay_out, settle

#: As Debian writes it; there is no address yet.
MAINTAINER = "The Mien developers <mien@example.invalid>"

_HERE = Path(__file__).parent


def main(words: list[str] | None = None) -> int:
    """Build what was asked for; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--suite", choices=SUITES, action="append", help="all, if not given")
    parser.add_argument("--architecture", choices=MACHINES, action="append", help="likewise")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", metavar="FOLDER")
    parser.add_argument("--version", help="instead of this checkout's")
    parser.add_argument("--level", type=int, choices=range(10), default=6, help="of xz; 0 to try")
    asked = parser.parse_args(words)
    if shutil.which("dpkg-deb") is None:
        sys.stderr.write("dpkg-deb is missing: apt-get install dpkg\n")
        return 1
    asked.output.mkdir(parents=True, exist_ok=True)
    targets = [
        Target(suite, architecture)
        for suite in asked.suite or SUITES
        for architecture in asked.architecture or MACHINES
    ]
    try:
        _build_all(targets, asked.version or version_of(), asked.output, asked.level)
    except subprocess.CalledProcessError as error:
        failed = " ".join(error.cmd[:3])
        sys.stderr.write(f"{failed}: exit code {error.returncode}; the lines above say why\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _build_all(targets: Sequence[Target], version: str, output: Path, level: int) -> None:
    for number, target in enumerate(targets, start=1):
        # It takes a minute, and pip says nothing.
        sys.stdout.write(
            f"building for {target.suite}, {target.architecture} ({number} of {len(targets)})\n"
        )
        sys.stdout.flush()
        package = build(target, version, output, level)
        sys.stdout.write(f"{package}: {package.stat().st_size / 1e6:.1f} MB\n")
        sys.stdout.flush()


def build(target: Target, version: str, output: Path, level: int) -> Path:
    """Build one package; returns its file, which is there when it is whole.

    level: how hard xz tries.
    """
    # Debian 13's has to be the newer one, so that an upgrade of the system replaces it.
    debian = f"{version}+deb{target.release}"
    package = output / f"mien_{debian}_{target.architecture}.deb"
    with tempfile.TemporaryDirectory(prefix="mien-deb-") as name, _whole(package) as beside:
        tree = Path(name, "root")
        tree.mkdir()
        lay_out(target, version, tree)
        _write_changes(target, debian, tree)
        settle(tree)
        files = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
        _write_control(target, debian, tree, files)
        _set_times(tree)
        subprocess.run(
            [
                *("dpkg-deb", "--root-owner-group", "-Zxz", f"-z{level}"),
                *("--build", str(tree), str(beside)),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "SOURCE_DATE_EPOCH": str(time_of())},
        )
    return package


@contextlib.contextmanager
def _whole(package: Path) -> Iterator[Path]:
    """Give a file beside, which takes the package's place at the end, and is gone if that fails.

    Of half a package, `dpkg-deb --info` says nothing bad.
    """
    beside = package.with_name(f"{package.name}.new")
    try:
        yield beside
        beside.replace(package)
    finally:
        beside.unlink(missing_ok=True)


def _write_control(target: Target, version: str, tree: Path, files: Iterable[Path]) -> None:
    control = tree / "DEBIAN"
    control.mkdir()
    control.chmod(0o755)
    values = {
        "@VERSION@": version,
        "@MAINTAINER@": MAINTAINER,
        "@ARCHITECTURE@": target.architecture,
        "@PYTHON@": target.python,
        "@NEXT_PYTHON@": target.next_python,
        # In KiB, as policy counts: each file rounded up.
        "@SIZE@": str(sum(-(-path.stat().st_size // 1024) for path in files)),
    }
    for name in ("control", "postinst", "prerm", "postrm"):
        text = (_HERE / name).read_text(encoding="utf-8")
        for mark, value in values.items():
            text = text.replace(mark, value)
        (control / name).write_text(text, encoding="utf-8")
        (control / name).chmod(0o644 if name == "control" else 0o755)
    sums = "".join(
        # dpkg's own format: it finds changed files, and is no safeguard.
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}"
        f"  {path.relative_to(tree)}\n"
        for path in files
    )
    (control / "md5sums").write_text(sums, encoding="utf-8")
    (control / "md5sums").chmod(0o644)


def _write_changes(target: Target, version: str, tree: Path) -> None:
    """Debian's changelog, which has a form of its own; ours is beside it."""
    date = formatdate(time_of(), localtime=False)
    text = (
        f"mien ({version}) {target.suite}; urgency=medium\n\n  * CHANGELOG.md says what is new.\n\n"
        f" -- {MAINTAINER}  {date}\n"
    )
    file = tree / "usr/share/doc/mien/changelog.gz"
    file.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def _set_times(tree: Path) -> None:
    epoch = time_of()
    for path in (tree, *tree.rglob("*")):
        os.utime(path, (epoch, epoch), follow_symlinks=False)


if __name__ == "__main__":
    sys.exit(main())
