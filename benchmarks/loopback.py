"""A program that serves on loopback: a free port for it, whether it serves there, its end."""

from __future__ import annotations

import contextlib
import random
import signal
import socket
import subprocess
import time
from pathlib import Path

HOST = "127.0.0.1"

#: Below those that Linux gives to whoever asks for any: none of them is taken by chance.
_PORTS = range(20_000, 32_768)


def free_port() -> int:
    """A port of the loopback on which nobody listens."""
    while True:
        port = random.SystemRandom().choice(_PORTS)
        with contextlib.suppress(OSError), socket.create_server((HOST, port)):
            return port


def accepts(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except ConnectionRefusedError:
        return False
    return True


def comes_to_serve(
    process: subprocess.Popen[bytes],
    port: int,
    *,
    log: Path,
    began: int = 0,
    serving: str,
    within_s: float,
) -> bool:
    """Whether a program that was started serves in time; False at once when it ended instead.

    Who accepts alone may be a stranger that was quicker to take the port.

    log: where it writes, from the byte `began` on; serving: what it writes once it serves.
    """
    deadline = time.monotonic() + within_s
    while process.poll() is None and time.monotonic() < deadline:
        if serving.encode() in log.read_bytes()[began:] and accepts(port):
            return True
        time.sleep(0.01)
    return False


def end(process: subprocess.Popen[bytes], within_s: float) -> bool:
    """End a program in order, or by force where it does not heed that; returns whether it did."""
    process.send_signal(signal.SIGCONT)
    deadline = time.monotonic() + within_s
    try:
        while process.poll() is None and time.monotonic() < deadline:
            # Mosquitto forgets a request that comes just before its main loop.
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(1)
        return process.poll() is not None
    finally:
        process.kill()
        process.wait(10)
