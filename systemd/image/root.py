"""Debian packages and Mien's own → a device's root and boot files, as two tar archives."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_app.errors import MienError
from systemd.image.overlay import write_overlay
from systemd.image.packages import names
from systemd.image.tools import KEYRING

_HERE = Path(__file__).parent
#: Nobody reads them on a device without a screen.
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
_KEPT = ("/usr/share/doc/*/copyright", "/usr/share/doc/mien/*")


@dataclass(frozen=True, slots=True)
class Root:
    """archive: the root without /boot/firmware. boot: a folder with what belongs there.

    manifest: a line `package version` for each package.
    """

    archive: Path
    boot: Path
    manifest: Path


def make_root(
    folder: Path, package: Path, suite: str, sources: Sequence[str], *, epoch: int
) -> Root:
    """Have mmdebstrap install everything; package: Mien's .deb for arm64.

    Raises:
        MienError: it could not; what it printed says why.
    """
    root = Root(folder / "root.tar", folder / "boot", folder / "manifest")
    for old in (root.boot, folder / "firmware"):
        shutil.rmtree(old, ignore_errors=True)
    overlay = folder / "overlay.tar"
    write_overlay(overlay, epoch=epoch)
    listing = (
        "dpkg-query --admindir=\"$1/var/lib/dpkg\" --show --showformat='${Package} ${Version}\\n'"
    )
    hooks = [
        f"--essential-hook=tar-in {overlay} /",
        f"--customize-hook=upload {package} /mien.deb",
        f"--customize-hook=tar-in {overlay} /",
        f'--customize-hook={_HERE / "settle.sh"} "$1"',
        f"--customize-hook={listing} > {root.manifest}",
        f"--customize-hook=copy-out /boot/firmware {folder}",
        '--customize-hook=rm -rf "$1"/boot/firmware/*',
    ]
    command = [
        *("mmdebstrap", "--arch=arm64", "--variant=minbase", f"--keyring={KEYRING}"),
        f"--include={','.join(names())}",
        *(f"--dpkgopt=path-exclude={path}" for path in _LEFT_OUT),
        *(f"--dpkgopt=path-include={path}" for path in _KEPT),
        *("--dpkgopt=force-confdef", "--dpkgopt=force-confold", "--dpkgopt=force-unsafe-io"),
        '--aptopt=Acquire::Retries "3"',
        *hooks,
        *(suite, str(root.archive), *sources),
    ]
    environment = {
        **os.environ,
        "SOURCE_DATE_EPOCH": str(epoch),
        # The core of a Raspberry Pi 4: QEMU's default one is ten times slower.
        "QEMU_CPU": "cortex-a72",
        # Debian would make the initramfs three times over; settle.sh does, once.
        "INITRD": "No",
    }
    done = subprocess.run(command, env=environment, check=False)
    if done.returncode != 0:
        raise MienError(f"mmdebstrap failed, exit code {done.returncode}; its lines above say why")
    (folder / "firmware").rename(root.boot)
    return root
