from __future__ import annotations

from edge_app.mqtt.outbox.alerts import DAMAGED, DROPPED, MEANINGS, OutboxAlerts


def test_each_change_is_told_once() -> None:
    """A full disk is tried every five seconds; nobody wants a message each time."""
    told: list[tuple[str, str | None]] = []
    alerts = OutboxAlerts(lambda alert, text: told.append((alert, text)))
    alerts.set(DAMAGED, "before the start")
    alerts.start()
    assert told == [(name, "before the start" if name == DAMAGED else None) for name in MEANINGS]
    told.clear()
    for text in ("three", "three", "four"):
        alerts.set(DROPPED, text)
    for _ in range(2):
        alerts.resolve(DROPPED)
    assert told == [(DROPPED, "three"), (DROPPED, "four"), (DROPPED, None)]
