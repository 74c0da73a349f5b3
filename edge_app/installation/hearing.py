"""Settings and standard output → whether anybody would hear of an event."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from edge_app.errors import UsageError
from edge_app.settings import Settings

_STANDARD_OUTPUT = 1

#: What is wrong where nobody would, and what to do; the doctor and the setup say the same of the
#: installed service.
UNHEARD = "no broker is set, and a service's standard output goes nowhere"
REMEDY = "set broker in [mqtt], for example with sudo mien setup"


def check_hearing(settings: Settings, environ: Mapping[str, str]) -> None:
    """Refuse to run for nobody: a service without a broker whose standard output is /dev/null.

    It would look at people and throw away what it saw, with every sign of health. Only a service
    manager that waits to be told of the start sets NOTIFY_SOCKET; INVOCATION_ID stands in many a
    terminal of a desktop, too. Whoever throws the output away at a terminal, for a quick look or to
    measure, is there to know.

    Raises:
        UsageError: nobody would hear of any event.
    """
    if settings.mqtt.broker or not environ.get("NOTIFY_SOCKET"):
        return
    if _is_null_device(_STANDARD_OUTPUT):
        raise UsageError(f"{UNHEARD}; {REMEDY}")


def _is_null_device(descriptor: int) -> bool:
    try:
        found = os.fstat(descriptor)
    except OSError:
        # Closed: whoever prints finds out.
        return False
    return stat.S_ISCHR(found.st_mode) and found.st_rdev == Path(os.devnull).stat().st_rdev
