from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edge_app.daemon.request_desk import PER_TURN, RequestDesk
from edge_app.errors import MienError
from edge_app.events.requests import (
    ANOTHER_S,
    LARGEST_REQUEST,
    MOST_AT_ONCE,
    REPEAT_S,
    REQUESTS,
    RawRequest,
    Response,
)


class Office:
    """A desk whose handlers note what they are asked."""

    def __init__(self) -> None:
        self.done: list[tuple[str, Any]] = []
        self.now_s, self.takes_s = 0.0, 0.0
        self.refusal: Exception | None = None
        self.desk = RequestDesk(
            {name: self._handler(name) for name in REQUESTS}, clock_s=lambda: self.now_s
        )

    def ask(self, name: str, payload: bytes, *, is_retained: bool = False) -> Response:
        return self.desk.answer(RawRequest(name=name, payload=payload, is_retained=is_retained))

    def _handler(self, name: str) -> Callable[[Any], dict[str, Any] | None]:
        def handle(request: Any) -> dict[str, Any] | None:
            self.done.append((name, request))
            self.now_s += self.takes_s
            if self.refusal is not None:
                raise self.refusal
            return {"count": len(self.done)}

        return handle


def test_a_request_is_done_and_answered_under_its_id() -> None:
    office = Office()
    answer = office.ask("privacy", b'{"id": "7", "mode": "aggregates"}')
    assert answer == Response(id="7", status="ok", result={"count": 1})
    assert [name for name, _ in office.done] == ["privacy"]
    assert office.done[0][1].mode == "aggregates"


@pytest.mark.parametrize(
    ("name", "payload", "request_id", "said"),
    [
        ("pause", b"", None, "not a request"),
        ("pause", b"ON", None, "not a request"),
        ("pause", b"{}", None, "id"),
        ("pause", b'{"id": 7}', None, "id"),
        ("pause", b'{"id": ""}', None, "id"),
        ("pause", b'{"id": "a b"}', None, "id"),
        ("pause", b'{"id": "' + b"x" * 65 + b'"}', None, "id"),
        ("pause", b'{"id": "7", "now": true}', "7", "now"),
        ("pause", b'{"id": "7", "paused": 1}', "7", "paused"),
        ("pause", b'{"id": "7"', None, "not a request"),
        ("pause", b'{"id": "7"} {"id": "8"}', None, "not a request"),
        ("pause", b'{"id": "\xff"}', None, "not a request"),
        ("pause", b"[" * 4000, None, "not a request"),
        ("privacy", b'{"id": "7"}', "7", "mode"),
        ("privacy", b'{"id": "7", "mode": "off"}', "7", "mode"),
        ("settings", b'{"id": "7", "change": {"summary_interval_s": 0}}', "7", "from 10 to 86400"),
        ("settings", b'{"id": "7", "change": {"minimum_group": 2}}', "7", "minimum_group"),
        (
            "settings",
            b'{"id": "7", "change": {"reaction": "fast"}}',
            "7",
            "'fast' (there are quick, normal, calm), in `change.reaction`",
        ),
        ("pause", b'{"id": "7", "x` - at `$.id": 1}', "7", "unknown field `x`"),
        ("self-destruct", b'{"id": "7"}', "7", "there are pause, resume"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_done(
    name: str, payload: bytes, request_id: str | None, said: str
) -> None:
    office = Office()
    answer = office.ask(name, payload)
    assert (answer.status, answer.id, answer.result) == ("error", request_id, None)
    assert answer.error is not None
    assert said in answer.error
    assert office.done == []


def test_a_retained_request_is_not_heeded() -> None:
    office = Office()
    answer = office.ask("restart", b'{"id": "7"}', is_retained=True)
    assert (answer.id, answer.status) == ("7", "error")
    assert office.done == []


def test_a_large_request_is_not_read() -> None:
    office = Office()
    answer = office.ask("pause", b'{"id": "7"}'.ljust(LARGEST_REQUEST + 1))
    assert (answer.id, answer.status) == (None, "error")
    assert office.done == []
    assert office.ask("pause", b'{"id": "7"}'.ljust(LARGEST_REQUEST)).status == "ok"


def test_a_repeated_request_gets_the_first_answer() -> None:
    office = Office()
    first = office.ask("pause", b'{"id": "7"}')
    office.now_s = REPEAT_S - 1
    assert office.ask("pause", b'{"id": "7", "paused": false}') == first
    assert len(office.done) == 1
    # Another request may have the same id; so may the same one, much later.
    assert office.ask("identify", b'{"id": "7"}').result == {"count": 2}
    office.now_s = REPEAT_S
    assert office.ask("pause", b'{"id": "7"}').result == {"count": 3}


def test_what_was_undone_since_is_done_again() -> None:
    """Whoever gets ok for a pause must find the camera closed, though the id be used twice."""
    office = Office()
    asked = [
        ("pause", b'{"id": "1"}'),
        ("resume", b'{"id": "2"}'),
        ("pause", b'{"id": "1"}'),
        ("privacy", b'{"id": "1", "mode": "aggregates"}'),
        ("privacy", b'{"id": "2", "mode": "full"}'),
        ("privacy", b'{"id": "1", "mode": "aggregates"}'),
    ]
    for name, payload in asked:
        first = office.ask(name, payload)
        assert office.ask(name, payload) == first, "delivered twice"
    assert [name for name, _ in office.done] == [name for name, _ in asked]


def test_what_cannot_be_undone_stays_answered() -> None:
    office = Office()
    first = office.ask("restart", b'{"id": "1"}')
    office.ask("resume", b'{"id": "2"}')
    assert office.ask("restart", b'{"id": "1"}') == first


def test_of_a_flood_few_requests_are_done() -> None:
    office = Office()
    office.now_s = 1000.0
    answers = [office.ask("identify", b'{"id": "%d"}' % number) for number in range(1000)]
    assert [answer.status for answer in answers].count("ok") == len(office.done) == MOST_AT_ONCE
    assert answers[-1].error == f"too many requests; ask again in {ANOTHER_S:.0f} s"
    # What was refused may be asked again, what was done is known.
    assert office.ask("identify", b'{"id": "0"}').status == "ok"
    office.now_s += ANOTHER_S - 0.5
    assert office.ask("resume", b'{"id": "999"}').error == "too many requests; ask again in 1 s"
    office.now_s += 0.5
    assert office.ask("identify", b'{"id": "999"}').status == "ok"
    assert office.ask("identify", b'{"id": "998"}').status == "error"
    assert len(office.done) == MOST_AT_ONCE + 1
    # Much later, no more than at first.
    office.now_s += 100 * REPEAT_S
    for number in range(1000):
        office.ask("identify", b'{"id": "%d"}' % number)
    assert len(office.done) == 2 * MOST_AT_ONCE + 1
    assert len(office.desk._answered) == MOST_AT_ONCE


def test_what_is_asked_for_privacy_s_sake_is_done_whatever_came_before() -> None:
    office = Office()
    for number in range(1000):
        office.ask("resume", b'{"id": "%d"}' % number)
    before = len(office.done)
    for name, payload, status in [
        ("pause", b'{"id": "a"}', "ok"),
        ("pause", b'{"id": "b", "paused": false}', "error"),
        ("privacy", b'{"id": "a", "mode": "aggregates"}', "ok"),
        ("privacy", b'{"id": "b", "mode": "full"}', "error"),
    ]:
        assert office.ask(name, payload).status == status
    assert [name for name, _ in office.done[before:]] == ["pause", "privacy"]


def test_a_handler_s_refusal_is_the_answer_also_the_second_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    office = Office()
    office.refusal = MienError("the camera is gone; plug it in")
    first = office.ask("resume", b'{"id": "7"}')
    assert (first.status, first.error) == ("error", "the camera is gone; plug it in")
    assert office.ask("resume", b'{"id": "7"}') == first
    assert len(office.done) == 1
    assert [record.getMessage() for record in caplog.records] == [
        "request resume is refused: the camera is gone; plug it in"
    ], "who presses a button does not hear the answer"


def test_a_handler_s_unexpected_failure_is_answered_and_heard(
    caplog: pytest.LogCaptureFixture,
) -> None:
    office = Office()
    office.refusal = IndexError("what nobody thought of: hunter2")
    answer = office.ask("restart", b'{"id": "7"}')
    assert (answer.id, answer.status) == ("7", "error")
    assert answer.error == "failed with IndexError; report it, with the device's log"
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == (
        "WARNING",
        "request restart: unexpected failure",
    )
    assert record.exc_info is not None
    office.refusal = None
    assert office.ask("restart", b'{"id": "8"}').status == "ok"


class Waiting:
    def __init__(self, count: int) -> None:
        self.left = [RawRequest(name="identify", payload=b'{"id": "%d"}' % n) for n in range(count)]

    def take(self) -> RawRequest | None:
        return self.left.pop(0) if self.left else None


def test_a_flood_does_not_hold_the_frames() -> None:
    office, inbox = Office(), Waiting(PER_TURN + 1)
    told: list[tuple[str, Response]] = []
    office.desk.turn(inbox, lambda name, response: told.append((name, response)))
    assert len(told) == PER_TURN
    office.desk.turn(inbox, lambda name, response: told.append((name, response)))
    assert [response.id for _, response in told] == [str(n) for n in range(PER_TURN + 1)]


def test_requests_that_take_long_leave_the_watchdog_its_turns() -> None:
    """Pauses of a camera whose driver is slow to let go, with a resume between any two."""
    office, inbox = Office(), Waiting(3)
    office.takes_s = 12.0
    told: list[Response] = []
    for number in range(1, 4):
        office.desk.turn(inbox, lambda _, response: told.append(response))
        assert len(told) == number
    office.takes_s = 0.01
    office.desk.turn(Waiting(PER_TURN), lambda _, response: told.append(response))
    assert len(told) == 3 + PER_TURN
