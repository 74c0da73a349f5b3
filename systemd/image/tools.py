"""Debian's programs for file systems, those of the image's own release, whatever this machine has.

They are unpacked, not installed. So workstations with different releases make the same bytes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_app.errors import MienError

_PACKAGES = ("e2fsprogs", "libarchive13t64", "mtools", "dosfstools", "xz-utils")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_HOOKS = Path("/usr/share/mmdebstrap/hooks/merged-usr")


@dataclass(frozen=True, slots=True)
class Tools:
    """folder: where the packages are unpacked. epoch: the time that everything new gets."""

    folder: Path
    epoch: int

    def run(self, name: str, words: Sequence[str | Path], *, cwd: Path | None = None) -> str:
        """Run one program; returns what it printed.

        Raises:
            MienError: it failed; its last line says why.
        """
        done = subprocess.run(
            self.command(name, words),
            cwd=cwd,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            last = (done.stderr.strip() or done.stdout.strip()).rpartition("\n")[2]
            raise MienError(f"{name} failed, exit code {done.returncode}: {last}")
        return done.stdout

    def command(self, name: str, words: Sequence[str | Path]) -> list[str]:
        """What runs one program, with the libraries that were unpacked along with it."""
        loader = next(self.folder.glob("usr/lib*/ld-linux*.so.*"), None) or next(
            self.folder.glob("usr/lib/*/ld-linux*.so.*")
        )
        libraries = ":".join(str(folder) for folder in self.folder.glob("usr/lib/*-linux-gnu*"))
        program = shutil.which(name, path=f"{self.folder / 'usr/sbin'}:{self.folder / 'usr/bin'}")
        if program is None:
            raise MienError(f"{name} is not in {self.folder}: remove that folder and build again")
        return [str(loader), "--library-path", libraries, program, *map(str, words)]

    @property
    def environment(self) -> Mapping[str, str]:
        """What keeps the machine's own settings, clock and language out of the image."""
        return {
            "PATH": os.environ["PATH"],
            # File names in archives are UTF-8; libarchive stumbles over them in plain C.
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "SOURCE_DATE_EPOCH": str(self.epoch),
            "MKE2FS_CONFIG": str(self.folder / "etc/mke2fs.conf"),
            "MTOOLSRC": os.devnull,
            # FAT knows local time only.
            "MTOOLS_SKIP_CHECK": "1",
        }


def unpack(folder: Path, suite: str, sources: Sequence[str], *, epoch: int) -> Tools:
    """Unpack the programs into `folder`, unless they are there already."""
    complete = folder / ".complete"
    if not complete.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [
                *("mmdebstrap", "--quiet", "--variant=extract", f"--keyring={KEYRING}"),
                f"--include={','.join(_PACKAGES)}",
                f"--hook-dir={_HOOKS}",
                *("--dpkgopt=path-exclude=/usr/share/doc/*", '--aptopt=Acquire::Retries "3"'),
                *(suite, str(folder), *sources),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        complete.touch()
    return Tools(folder, epoch)


def debian_sources(suite: str, components: str) -> Iterator[str]:
    """The mirrors that this machine's own apt uses, as lines for `suite`.

    `$DEBIAN_MIRROR` goes over them, without security updates.

    Raises:
        MienError: apt knows no mirror of Debian.
    """
    signed = f"[signed-by={KEYRING}]"
    if mirror := os.environ.get("DEBIAN_MIRROR"):
        yield f"deb {signed} {mirror} {suite} {components}"
        return
    # Also right after `apt-get clean`, when apt knows its sources but no label of theirs.
    listing = ("--no-release-info", "--format", "$(REPO_URI)", "Created-By: Packages")
    done = subprocess.run(
        ["apt-get", "indextargets", *listing], capture_output=True, text=True, check=False
    )
    known = {uri.rstrip("/").rpartition("/")[2]: uri for uri in done.stdout.split()}
    if "debian" not in known:
        raise MienError("apt knows no mirror of Debian: set DEBIAN_MIRROR to the address of one")
    yield f"deb {signed} {known['debian']} {suite} {components}"
    if "debian-security" in known:
        yield f"deb {signed} {known['debian-security']} {suite}-security {components}"
