"""TensorFlow's import → the same, without its notes on processors and GPUs."""

from __future__ import annotations

import contextlib
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
#: How its notes begin. It writes them before it reads the level, so that no variable stops them.
_NOTES = (b"WARNING: All log messages before absl::InitializeLog()", b"I0000 ")
#: Standard input → standard error, without them.
_FILTER = f"""
import os, sys
for line in sys.stdin.buffer:
    if not line.startswith({_NOTES}):
        os.write(2, line)
"""


def quiet_tensorflow() -> None:
    """Import TensorFlow, where Keras computes with it; to call before anything else imports it.

    Who sets TensorFlow's own variable in order to look for a fault keeps the notes.
    """
    if _LEVEL in os.environ or "tensorflow" in sys.modules:
        return
    os.environ[_LEVEL] = "3"
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        return
    # Whoever needs it says that it is missing.
    with _without_notes(), contextlib.suppress(ImportError):
        importlib.import_module("tensorflow")


@contextlib.contextmanager
def _without_notes() -> Iterator[None]:
    """Keep the notes out of standard error, whose descriptor is the process's; the rest passes."""
    sys.stderr.flush()
    read_end, write_end = os.pipe()
    # A process of its own also passes on why TensorFlow aborts this one; Ctrl-C leaves it alone.
    with subprocess.Popen(
        [sys.executable, "-I", "-c", _FILTER], stdin=read_end, start_new_session=True
    ):
        os.close(read_end)
        ours = os.dup(2)
        os.dup2(write_end, 2)
        os.close(write_end)
        try:
            yield
        finally:
            os.dup2(ours, 2)
            os.close(ours)
