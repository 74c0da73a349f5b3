from __future__ import annotations

import logging

import pytest

from edge_app.trouble_log import REPEAT_S, TroubleLog

DAY_S = 86_400.0
BROKE, REFUSED = "the connection broke", "connection refused"


class Played:
    """A connection whose times are made up."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self.now_s, self._caplog = 0.0, caplog
        self._log = TroubleLog(lasting_s=15.0, clock_s=lambda: self.now_s)

    @property
    def lines(self) -> list[str]:
        """What the journal gets."""
        return [each.getMessage() for each in self._caplog.records]

    @property
    def trouble(self) -> str:
        """What an alert says."""
        return self._log.trouble

    def stand(self, seconds: float) -> None:
        """Connect, and be connected for so long."""
        self._log.began("connected, MQTT 5")
        for _ in range(10):
            self.now_s += seconds / 10
            self._log.stands()

    def broke(self, *troubles: str, away_s: float = 1.0) -> None:
        """Break; then more attempts in vain."""
        for trouble in troubles:
            self._log.broke(trouble)
            self.now_s += away_s


@pytest.fixture
def played(caplog: pytest.LogCaptureFixture) -> Played:
    caplog.set_level(logging.WARNING)
    return Played(caplog)


def test_the_same_trouble_for_a_night_is_one_line_and_so_is_its_end(played: Played) -> None:
    played.stand(DAY_S)
    assert played.lines == []
    played.broke(BROKE, *[REFUSED] * 600, away_s=60.0)
    assert played.lines == [f"{BROKE}; trying again", f"{REFUSED}; trying again"]
    played.stand(14.0)
    assert len(played.lines) == 2, "it may break again at once"
    played.stand(150.0)
    assert played.lines[2:] == ["connected, MQTT 5"]


def test_a_second_trouble_is_told_as_the_first(played: Played) -> None:
    for _ in range(2):
        played.stand(600.0)
        played.broke(BROKE)
    played.stand(600.0)
    assert played.lines == [f"{BROKE}; trying again", "connected, MQTT 5"] * 2


@pytest.mark.parametrize("up_s", [0.1, 10.0, 60.0, 600.0, 3000.0])
@pytest.mark.parametrize("troubles", [(BROKE,), (BROKE, REFUSED)])
def test_months_of_a_connection_that_breaks_again_and_again_are_a_few_lines_an_hour(
    played: Played, up_s: float, troubles: tuple[str, ...]
) -> None:
    while played.now_s < 3 * DAY_S:
        played.stand(up_s)
        played.broke(*troubles, away_s=30.0)
    hours = played.now_s / REPEAT_S
    assert 0.5 * hours < len(played.lines) < 2.5 * len(troubles) * hours
    assert "; trying again" in played.lines[-1]
    if up_s < 600:
        assert "times since the last such line)" in "".join(played.lines[-2:])


def test_the_last_word_of_a_second_outage_is_its_own(played: Played) -> None:
    for attempts in (5, 700):
        played.stand(600.0)
        played.broke(BROKE, *[REFUSED] * attempts, away_s=4.0)
    outage = [f"{BROKE}; trying again", f"{REFUSED}; trying again"]
    assert played.lines == [*outage, "connected, MQTT 5", *outage]


def test_troubles_that_take_turns_are_told_once_an_hour_each(played: Played) -> None:
    played.broke(*["timed out", "no route"] * 600, away_s=30.0)
    hours = played.now_s / REPEAT_S
    assert len(played.lines) <= 2 * (hours + 1)


def test_of_troubles_that_are_new_each_time_a_few_an_hour_are_told(played: Played) -> None:
    played.broke(*[f"trouble {number}" for number in range(1000)], away_s=30.0)
    hours = played.now_s / REPEAT_S
    assert len(played.lines) <= 13 * (hours + 1)
    # An alert tells the last of them once it stays.
    played.broke(*[BROKE] * 4, away_s=30.0)
    assert played.trouble == BROKE


def test_a_trouble_that_was_told_before_is_known_once_it_is_the_only_one(played: Played) -> None:
    played.broke(BROKE)
    assert played.trouble == BROKE
    played.broke(REFUSED)
    assert played.trouble == REFUSED
    # An alert that changed with each would be told hundreds of times.
    for trouble in (BROKE, REFUSED) * 100:
        played.broke(trouble, away_s=10.0)
        assert played.trouble == REFUSED
    played.broke(*[BROKE] * 6, away_s=10.0)
    assert played.trouble == REFUSED
    played.broke(BROKE)
    assert played.trouble == BROKE
    assert played.lines == [f"{BROKE}; trying again", f"{REFUSED}; trying again"]
    played.stand(20.0)
    assert (played.trouble, played.lines[2:]) == ("", ["connected, MQTT 5"])


def test_after_an_hour_without_trouble_its_end_is_told_as_soon_as_at_first(played: Played) -> None:
    for _ in range(20):
        played.stand(60.0)
        played.broke(BROKE)
    flapping = len(played.lines)
    assert flapping < 14
    played.stand(1.1 * REPEAT_S)
    assert played.lines[flapping:] == ["connected, MQTT 5"]
    played.broke(BROKE)
    assert played.lines[-1].startswith(BROKE)
    played.stand(20.0)
    assert played.lines[-1] == "connected, MQTT 5"
