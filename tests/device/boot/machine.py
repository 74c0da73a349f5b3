"""An image → an emulated arm64 machine with a power switch."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from edge_app.closing import Closing
from tests.device.boot.image import HOME, Image
from tests.device.boot.results import Results
from tests.device.boot.shell import OPTIONS, Shell

#: As QEMU's command line has it; a Raspberry Pi 4's core on a board that no factory makes.
BOARD, CORE, MEMORY_MB = "virt", "cortex-a72", 512
#: On a busy workstation one is faster: of two, the one that runs waits for the one that does not.
CORES = int(os.environ.get("MIEN_CORES", "2"))
#: What the guest calls the host.
HOST = "10.0.2.2"
BOOT_S = 600.0

_PROGRAM = "qemu-system-aarch64"


class Machine(Closing):
    """Off at first. The disk stays as it is through any number of power cuts.

    disk: an overlay, in qcow2. state_disk: raw, the second disk.
    """

    def __init__(
        self,
        image: Image,
        disk: Path,
        folder: Path,
        *,
        state_disk: Path | None = None,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self._image, self.disk, self._folder = image, disk, folder
        self._state_disk = state_disk
        self._process: subprocess.Popen[bytes] | None = None
        self._shell: Shell | None = None
        #: When the power was switched on last; monotonic seconds.
        self.started_s = 0.0

    @property
    def console(self) -> str:
        """What the kernel said since the power was switched on."""
        return (self._folder / "console.log").read_text(encoding="utf-8", errors="replace")

    @property
    def shell(self) -> Shell:
        """Waits until the guest has one."""
        if self._shell is None:
            assert self._process is not None, "the machine is off"
            shell = Shell(self._folder / "shell")
            try:
                shell.wait_until_it_answers(BOOT_S)
            except BaseException:
                shell.close()
                raise
            self._shell = shell
        return self._shell

    def start(self) -> None:
        """Switch the power on; `shell` waits for the guest."""
        assert self._process is None
        (self._folder / "shell").unlink(missing_ok=True)
        with (self._folder / "qemu.log").open("ab") as log:
            # Whatever ends us, QEMU ends too.
            command = ["setpriv", "--pdeathsig", "KILL", _PROGRAM, *self._options()]
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.started_s = time.monotonic()
        while not (self._folder / "shell").exists():
            if self._process.poll() is not None:
                raise AssertionError((self._folder / "qemu.log").read_text(encoding="utf-8"))
            time.sleep(0.05)

    def cut_power(self) -> None:
        """The guest keeps what it had written to the disk, and nothing of its memory."""
        if self._shell is not None:
            self._shell.close()
            self._shell = None
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def stop(self) -> None:
        """Shut the guest down in order."""
        with contextlib.suppress(TimeoutError, ConnectionError):
            self.shell.run("systemctl --no-block poweroff", 60)
        assert self._process is not None
        try:
            self._process.wait(240)
        finally:
            self.cut_power()

    def close(self) -> None:
        self.cut_power()

    def _options(self) -> list[str]:
        image = self._image
        words = f"{image.root} console=ttyAMA0 quiet {OPTIONS}"
        options = [
            *("-M", BOARD, "-cpu", CORE, "-smp", str(CORES), "-m", str(MEMORY_MB)),
            *("-accel", "tcg,thread=multi", "-display", "none", "-monitor", "none", "-no-reboot"),
            *("-kernel", str(image.kernel), "-initrd", str(image.initrd), "-append", words),
            *("-serial", f"file:{self._folder / 'console.log'}"),
            *("-chardev", f"socket,id=shell,path={self._folder / 'shell'},server=on,wait=off"),
            *("-device", "pci-serial,chardev=shell"),
            *("-drive", f"file={self.disk},format=qcow2,if=none,id=disk"),
            *("-device", "virtio-blk-pci,drive=disk"),
            *("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="),
            *("-device", "virtio-rng-pci"),
        ]
        if self._state_disk is not None:
            options += [
                *("-drive", f"file={self._state_disk},format=raw,if=none,id=state"),
                *("-device", "virtio-blk-pci,drive=state"),
            ]
        return options


def qemu_version() -> str:
    """As in 7.2.17.

    Raises:
        AssertionError: there is no QEMU for whole arm64 machines.
    """
    assert shutil.which(_PROGRAM), f"{_PROGRAM} is missing: apt-get install qemu-system-arm"
    said = subprocess.run([_PROGRAM, "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"version ([0-9.]+)", said.stdout)
    assert found is not None
    return found[1]


def results_of(image: Image) -> Results:
    """Where this image's figures belong; MIEN_BOOT_RESULTS names another file."""
    named = os.environ.get("MIEN_BOOT_RESULTS")
    return Results(
        Path(named) if named else HOME / "results.json",
        {
            "image": image.name,
            "qemu": f"QEMU {qemu_version()}, machine {BOARD}, {CORES} x {CORE}, {MEMORY_MB} MB",
        },
    )
