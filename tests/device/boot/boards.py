"""The SD card's image on QEMU's models of Raspberry Pis → how far each comes, as results.

`python -m tests.device.boot.boards IMAGE BOOT [SECONDS]`, after `make image`, which leaves both in
build/image: the card as it is flashed, and the folder of its boot files. The firmware that reads
these is not modelled: kernel, initrd and device tree are given to QEMU. raspi4b needs QEMU 9 or
later, which QEMU_SYSTEM may name; its words may hold options, such as `-L`.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from tests.device.boot.image import Image, overlay
from tests.device.boot.machine import results_of

#: Board → its device tree among the boot files, and the memory that QEMU insists on, in MB.
BOARDS = {"raspi3b": ("bcm2837-rpi-3-b", 1024), "raspi4b": ("bcm2711-rpi-4-b", 2048)}

#: Each board's first serial port, under the names that kernels give it.
_CONSOLES = ("earlycon", "console=ttyAMA0,115200", "console=ttyS1,115200")
#: QEMU's model of the watchdog knows no time: it resets the board as soon as systemd starts it.
_NO_WATCHDOG = "systemd.watchdog_sec=off"

#: What the console says → what that means; in order.
STAGES = {
    "Linux version": "the kernel starts",
    "Machine model": "the device tree is read",
    "Run /init": "the initrd runs",
    "mmcblk": "the SD card is found",
    "EXT4-fs (mmcblk": "the root is mounted",
    "systemd[1]": "systemd runs",
    "Multi-User System": "everything is started",
}


#: What a card of the image holds at least; QEMU takes powers of two only.
_CARD = "4G"


def reached(
    board: str, seconds: float, *, card: Path, boot: Path, folder: Path
) -> tuple[list[str], str]:
    """Stages that were reached, and the console's last lines.

    card, boot: the raw image, and the folder of its boot files.
    """
    tree, memory_mb = BOARDS[board]
    (kernel,), (initrd,) = boot.glob("vmlinuz-*"), boot.glob("initrd.img-*")
    disk = overlay(card, folder / f"{board}.qcow2")
    subprocess.run(["qemu-img", "resize", "-q", str(disk), _CARD], check=True)
    log = folder / f"{board}.log"
    asked = (boot / "cmdline.txt").read_text(encoding="utf-8").split()
    words = " ".join(
        [*(w for w in asked if not w.startswith("console=")), *_CONSOLES, _NO_WATCHDOG]
    )
    command = [
        *shlex.split(os.environ.get("QEMU_SYSTEM", "qemu-system-aarch64")),
        *("-M", board, "-m", str(memory_mb), "-accel", "tcg,thread=multi", "-display", "none"),
        *("-kernel", str(kernel), "-initrd", str(initrd), "-dtb", str(boot / f"{tree}.dtb")),
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
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("image", type=Path)
    parser.add_argument("boot", type=Path)
    parser.add_argument("seconds", type=float, nargs="?", default=300.0)
    parser.add_argument("--board", choices=BOARDS, action="append", help="all, if not given")
    asked = parser.parse_args()
    results = results_of(Image.from_environment())
    for board in asked.board or BOARDS:
        with tempfile.TemporaryDirectory() as folder:
            stages, tail = reached(
                board, asked.seconds, card=asked.image, boot=asked.boot, folder=Path(folder)
            )
        results.add_board(board, stages)
        print(f"{board}: {', '.join(stages) or 'nothing on the console'}\n{tail}\n")  # noqa: T201


if __name__ == "__main__":
    main()
