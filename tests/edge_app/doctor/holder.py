"""A process that has a file open, or an outbox, until the end of the block."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_FILE = "import sys; file = open(sys.argv[1]); print(flush=True); sys.stdin.read()"
_OUTBOX = """
import sys
from pathlib import Path
from edge_app.mqtt.outbox.store import EventStore
from edge_app.mqtt.outbox.stored_event import Limits, StoredEvent
store = EventStore(Path(sys.argv[1]))
store.write([StoredEvent(n, 1.0, b"{}") for n in (1, 2, 3)], [], Limits(), 1.0)
print(flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def holding(program: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", program, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "\n"
            yield process
        finally:
            process.kill()


def holding_file(
    file: Path, *words: str
) -> contextlib.AbstractContextManager[subprocess.Popen[str]]:
    return holding(_FILE, str(file), *words)


def holding_outbox(
    file: Path, *words: str
) -> contextlib.AbstractContextManager[subprocess.Popen[str]]:
    """Three events wait in it; the block's end kills it, as a power cut would."""
    return holding(_OUTBOX, str(file), *words)
