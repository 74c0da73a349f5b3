"""The disk's own kernel on QEMU's models of Raspberry Pis → how far each comes.

`python -m tests.device.boot.boards [SECONDS]`, after `disk.sh`. The firmware on the card is not
modelled: kernel, initrd and device tree are given to QEMU. raspi4b needs QEMU 9 or later, which
QEMU_SYSTEM may name; its words may hold options, such as `-L`.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.device.boot.image import HOME, Image, overlay

#: Board → its device tree in Debian's kernel package, and the memory that QEMU insists on, in MB.
BOARDS = {"raspi3b": ("bcm2837-rpi-3-b", 1024), "raspi4b": ("bcm2711-rpi-4-b", 2048)}

#: What the console says → what that means; in order.
STAGES = {
    "Linux version": "the kernel starts",
    "Machine model": "the device tree is read",
    "Run /init": "the initrd runs",
    "mmcblk0": "the SD card is found",
    "EXT4-fs (mmcblk0": "the root is mounted",
    "systemd[1]": "systemd runs",
    "login:": "somebody may log in",
}


def reached(board: str, seconds: float, folder: Path) -> tuple[list[str], str]:
    """Stages that were reached, and the console's last lines."""
    tree, memory_mb = BOARDS[board]
    (blob,) = HOME.glob(f"root/usr/lib/linux-image-*/broadcom/{tree}.dtb")
    # With drivers of all boards, and not only those of `virt`.
    (initrd,) = HOME.glob("root/boot/initrd.img-*")
    image = Image.from_environment()
    disk = overlay(image.disk, folder / f"{board}.qcow2")
    log = folder / f"{board}.log"
    words = "root=/dev/mmcblk0 rootwait rw console=ttyAMA0,115200 console=ttyS1,115200"
    command = [
        *shlex.split(os.environ.get("QEMU_SYSTEM", "qemu-system-aarch64")),
        *("-M", board, "-m", str(memory_mb), "-accel", "tcg,thread=multi", "-display", "none"),
        *("-kernel", str(image.kernel), "-initrd", str(initrd), "-dtb", str(blob)),
        *("-append", words, "-no-reboot", "-monitor", "none"),
        *("-drive", f"file={disk},format=qcow2,if=sd"),
        *("-serial", f"file:{log}", "-serial", f"file:{log}.1"),
    ]
    try:
        done = subprocess.run(
            ["setpriv", "--pdeathsig", "KILL", *command],
            timeout=seconds, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        end = f"QEMU ended ({done.returncode}): {done.stderr.strip()[:200]}"
    except subprocess.TimeoutExpired:
        end = f"still running after {seconds:g} s"
    both = [file for file in (log, Path(f"{log}.1")) if file.exists()]
    said = "".join(file.read_text(encoding="utf-8", errors="replace") for file in both)
    tail = "\n".join([*said.splitlines()[-5:], end])
    return [meaning for mark, meaning in STAGES.items() if mark in said], tail


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 300.0
    for board in BOARDS:
        with tempfile.TemporaryDirectory() as folder:
            stages, tail = reached(board, seconds, Path(folder))
        print(f"{board}: {', '.join(stages) or 'nothing on the console'}\n{tail}\n")  # noqa: T201


if __name__ == "__main__":
    main()
