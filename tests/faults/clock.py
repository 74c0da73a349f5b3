"""A time of day of its own for one process, by libfaketime."""

from __future__ import annotations

from pathlib import Path

import pytest


class SettableClock:
    """environ: for the process. Monotonic time stays what it is, as when a real clock is set."""

    def __init__(self, file: Path) -> None:
        libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        if not libraries:
            pytest.skip("a clock of its own needs libfaketime: sudo apt install faketime")
        self._file = file
        self._hours = 0
        self.set_back(hours=0)
        self.environ = {
            "LD_PRELOAD": str(libraries[0]),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set_back(self, *, hours: int) -> None:
        self._hours += hours
        self._file.write_text(f"-{self._hours}h\n" if self._hours else "+0\n", encoding="ascii")
