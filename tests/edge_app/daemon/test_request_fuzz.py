"""Ten thousand mutated requests: no crash, no effect, an answer to each."""

from __future__ import annotations

import json
import random
import re
import threading

import msgspec

from edge_app.events.payloads import encode
from edge_app.events.requests import LARGEST_REQUEST, REPEAT_S, REQUESTS, Response
from edge_app.mqtt.messages import REQUEST
from edge_app.mqtt.publisher import MqttPublisher
from edge_app.mqtt.requests import CAPACITY, RequestInbox
from tests.brokers import Mosquitto, wait_until
from tests.edge_app.daemon.test_request_desk import Office
from tests.edge_app.mqtt.listener import Listener

VALID = [
    ("pause", b'{"id": "a-1"}'),
    ("pause", b'{"id": "a-1", "paused": false}'),
    ("resume", b'{"id": "b-2"}'),
    ("privacy", b'{"id": "c-3", "mode": "aggregates"}'),
    ("settings", b'{"id": "d-4", "change": {"reaction": "calm", "summary_interval_s": 60}}'),
    ("restart", b'{"id": "e-5"}'),
    ("identify", b'{"id": "f-6"}'),
    ("diagnostics", b'{"id": "g-7"}'),
]
FRAGMENTS = [
    b"null", b"true", b"-1", b"1e999", b"NaN", b"[]", b"{}", b'""', b'"id"', b'"mode"', b'"full"',
    b'"change"', b"\\u0000", b"\\ud800", b"\xff", b"\xef\xbb\xbf", b"\0", b"\xf0\x9f\x98\x80",
    b"[" * 500, b'{"a":' * 500, b"9" * 400, b"x" * 5000, b",", b":", b'"', b"}", b"{",
]  # fmt: skip


def mutated(source: random.Random) -> tuple[str, bytes]:
    name, payload = source.choice(VALID)
    if source.random() < 0.2:
        name = source.choice([*REQUESTS, "reboot", "x"])
    changed = bytearray(payload)
    for _ in range(source.randint(1, 4)):
        start = source.randrange(len(changed) + 1)
        end = min(len(changed), start + source.randint(0, 12))
        match source.randrange(5):
            case 0:
                changed[start:end] = b""
            case 1:
                changed[start:end] = source.choice(FRAGMENTS)
            case 2:
                changed[start:start] = changed[start:end]
            case 3 if changed:
                changed[start % len(changed)] ^= 1 << source.randrange(8)
            case _:
                changed = changed[: source.randrange(len(changed) + 1)]
    return name, bytes(changed)


def is_right(name: str, payload: bytes) -> bool:
    """The rules once more, by other means."""
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return False
    if len(payload) > LARGEST_REQUEST or not isinstance(said, dict):
        return False
    if not re.fullmatch("[!-~]{1,64}", str(said.pop("id", ""))):
        return False
    match name, said:
        case "pause", {"paused": bool()}:
            is_known = set(said) == {"paused"}
        case "privacy", _:
            is_known = said in ({"mode": "full"}, {"mode": "aggregates"})
        case "settings", {"change": dict() as change}:
            known = {"reaction", "summary_interval_s", "telemetry_interval_s"}
            is_known = set(said) == {"change"} and set(change) <= known
        case _:
            is_known = name in REQUESTS and not said
    return is_known


def test_ten_thousand_mutated_requests_do_nothing() -> None:
    office, source = Office(), random.Random(20250301)  # noqa: S311 - the same ones each time
    done = refused = 0
    for _ in range(10_000):
        name, payload = mutated(source)
        before = len(office.done)
        office.now_s += REPEAT_S  # so that a repetition hides no effect
        answer = office.ask(name, payload)
        assert msgspec.json.decode(encode(answer), type=Response) == answer
        if len(office.done) > before:
            assert is_right(name, payload), (name, payload)
            assert answer.status == "ok"
            done += 1
        else:
            assert answer.status == "error", (name, payload)
            assert answer.error
            refused += 1
    # Most were wrong, and the few that stayed right were done: neither side is idle.
    assert refused > 9_000
    assert done > 50


def ask(others: Listener, name: str, payload: bytes) -> None:
    others.client.publish(REQUEST.address.format(device="desk", request=name), payload, qos=1)


def test_two_thousand_over_a_broker_are_all_answered(mosquitto: Mosquitto) -> None:
    office, inbox, stop = Office(), RequestInbox("desk"), threading.Event()
    publisher = MqttPublisher(mosquitto.address, device="desk", beside=[inbox])
    publisher.connect()

    def work() -> None:
        while not stop.wait(0.001):
            office.now_s += REPEAT_S
            office.desk.turn(inbox, publisher.publish_response)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        with Listener(mosquitto.address, "mien/desk/response/+") as others:
            source = random.Random(20250302)  # noqa: S311 - the same ones each time
            wait_until(lambda: ask(others, "probe", b"") or others.on("mien/desk/response/probe"))

            def answers() -> list[Response]:
                heard = [each for each in others.heard if not each.topic.endswith("/probe")]
                return [msgspec.json.decode(each.payload, type=Response) for each in heard]

            for sent in range(CAPACITY // 2, 2049, CAPACITY // 2):
                for _ in range(CAPACITY // 2):
                    ask(others, *mutated(source))
                wait_until(lambda count=sent: len(answers()) == count)
            done = sum(answer.status == "ok" for answer in answers())
    finally:
        stop.set()
        worker.join()
        publisher.close()
    # One that comes twice within a turn is done once, and answered twice.
    assert 0 < len(office.done) <= done < 200
