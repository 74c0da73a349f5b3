"""What systemd-timesyncd leaves in /run → whether a time server keeps this system's clock right.

The kernel knows, too, but adjtimex(2) is among the calls that the unit's `ProtectClock=` closes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

#: There while it runs, which it does in no container, nor where `timedatectl set-ntp` said false.
_FOLDER = "run/systemd/timesync"
#: Touched at each synchronization, every half hour or so: see systemd-timesyncd.service(8).
_FILE = "synchronized"
#: A Raspberry Pi's clock goes wrong by a few seconds in as long.
_LONGEST_S = 86_400.0


class TimeService:
    """root: where `run` is. now_s: seconds since 1970."""

    def __init__(self, root: Path = Path("/"), *, now_s: Callable[[], float] = time.time) -> None:
        self._folder, self._now_s = root / _FOLDER, now_s

    def keeps_right(self) -> bool | None:
        """Whether the clock was set within a day; None where nobody is to set it, or another is."""
        try:
            set_s = (self._folder / _FILE).stat().st_mtime
        except OSError:
            return False if self._folder.is_dir() else None
        return self._now_s() - set_s <= _LONGEST_S
