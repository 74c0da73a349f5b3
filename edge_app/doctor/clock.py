"""The kernel's clock → whether the times of events can be trusted."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from edge_app.doctor.finding import Finding, Group

GROUP = Group("clock")

#: What adjtimex(2) returns for a clock that nothing keeps right.
_TIME_ERROR = 5
#: More than its `struct timex` on any machine.
_TIMEX_BYTES = 512
#: A Raspberry Pi without a clock of its own wakes up in the past.
_BEGAN = datetime(2025, 1, 1, tzinfo=UTC)


def kernel_state() -> int:
    """What the kernel says of its clock; with all zeros nothing is set."""
    return int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)))


def check_clock(
    *, state: Callable[[], int] = kernel_state, now_s: Callable[[], float] = time.time
) -> Iterator[Finding]:
    """Look whether it is set, and kept right. now_s: seconds since 1970."""
    now = datetime.fromtimestamp(now_s(), UTC)
    text = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    advice = "sudo timedatectl set-ntp true, and let the device reach a time server"
    if now < _BEGAN:
        yield GROUP.failure(
            "time", f"{text} is impossible: TLS fails, and events get wrong times", advice
        )
    elif state() in {_TIME_ERROR, -1}:
        yield GROUP.warning(
            "time", f"{text}, and nothing keeps it right: events carry this time", advice
        )
    else:
        yield GROUP.ok("time", f"{text}, synchronized")
