"""A service that nobody could hear is refused; whoever throws the output away by hand is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.brokers import free_port

RUN = ("-m", "edge_app.cli", "run", "--source", "sample:", "--pace", "fast")


def run(*words: str, stdout: int, socket: str, state: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *RUN, *words],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=100,
        env={**os.environ, "NOTIFY_SOCKET": socket, "STATE_DIRECTORY": str(state)},
    )


def test_a_service_without_a_broker_and_without_an_output(tmp_path: Path) -> None:
    done = run(stdout=subprocess.DEVNULL, socket=str(tmp_path / "notify"), state=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("mien: no broker is set, and a service's standard output goes")
    assert done.stderr.count("\n") == 1
    assert "[mqtt]" in done.stderr


@pytest.mark.parametrize(
    ("words", "stdout", "socket"),
    [
        # At a terminal, for a quick look or to measure.
        ((), subprocess.DEVNULL, ""),
        # A unit of one's own that keeps what is printed.
        ((), subprocess.PIPE, "notify"),
        (("--broker", "embedded:PORT"), subprocess.DEVNULL, "notify"),
    ],
)
def test_where_somebody_hears_or_asked_for_it(
    tmp_path: Path, words: tuple[str, ...], stdout: int, socket: str
) -> None:
    address = str(tmp_path / socket) if socket else ""
    words = tuple(word.replace("PORT", str(free_port())) for word in words)
    assert run(*words, stdout=stdout, socket=address, state=tmp_path).returncode == 0
