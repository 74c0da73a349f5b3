"""Proofs that take minutes: collected only where they are asked for, `pytest tests/faults`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults.tally import HEADER, Tally

ROOT = Path(__file__).parents[2]
TALLIES = pytest.StashKey[list[Tally]]()


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    is_asked_for = any("faults" in str(word) for word in config.invocation_params.args)
    return None if is_asked_for else True


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TALLIES] = []


@pytest.fixture
def tallies(pytestconfig: pytest.Config) -> list[Tally]:
    """What is counted here stands in the table at the end."""
    return pytestconfig.stash[TALLIES]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    tallies = config.stash.get(TALLIES, [])
    if not tallies:
        return
    terminalreporter.write_line("")
    terminalreporter.write_line("\n".join([HEADER, *(tally.row() for tally in tallies)]))
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build/faults.json").write_text(
        json.dumps([tally.as_json() for tally in tallies], indent=1) + "\n", encoding="utf-8"
    )
