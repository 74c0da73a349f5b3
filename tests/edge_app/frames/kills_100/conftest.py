"""100 kills take minutes: collected only where they are asked for, `pytest …/kills_100`."""

from __future__ import annotations

import pytest

from tests.edge_app.frames.kills import HEADER, Tally

TALLIES = pytest.StashKey[list[Tally]]()


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    is_asked_for = any("kills_100" in str(word) for word in config.invocation_params.args)
    return None if is_asked_for else True


@pytest.fixture
def tallies(pytestconfig: pytest.Config) -> list[Tally]:
    """What is counted here stands in the table at the end."""
    return pytestconfig.stash.setdefault(TALLIES, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    tallies = config.stash.get(TALLIES, [])
    if tallies:
        terminalreporter.write_line("")
        terminalreporter.write_line("\n".join([HEADER, *(tally.row() for tally in tallies)]))
