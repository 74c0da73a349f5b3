"""Signals that come while another one's handler runs."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: Sends a signal as soon as the handler of another one holds the lock of the event that it sets.
NESTED = """\
import os, signal, sys, threading
from edge_app.daemon.signals import ended_by_signals

method, second = sys.argv[1], int(sys.argv[2])
original = getattr(threading.Condition, method)
is_due = False

def interrupted(self):
    global is_due
    done = original(self)
    if is_due:
        is_due = False
        os.kill(os.getpid(), second)
    return done

setattr(threading.Condition, method, interrupted)
stop = threading.Event()
with ended_by_signals(stop):
    is_due = True
    os.kill(os.getpid(), signal.SIGTERM)
    print(stop.is_set(), is_due)
"""


@pytest.mark.parametrize("method", ["__enter__", "notify_all"])
def test_a_signal_within_another_one_s_handler_does_not_wait_for_it(method: str) -> None:
    words = [sys.executable, "-c", NESTED, method, "1"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("True False\n", "", 0)


def test_ctrl_c_within_another_one_s_handler_ends_it_at_once() -> None:
    words = [sys.executable, "-c", NESTED, "notify_all", "2"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert "KeyboardInterrupt" in done.stderr
