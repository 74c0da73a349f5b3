"""What connections say of alerts → the rows of their beginnings and ends."""

from __future__ import annotations

from typing import NamedTuple

from edge_app.history.rows import AlertEnd, AlertMove, AlertRow


class _On(NamedTuple):
    """An alert without an end; connection: the one on which it was heard last."""

    connection: int
    since_ms: int


class AlertSpans:
    """Which alerts are on, as far as that was heard.

    A broker says at the beginning of a connection which ones are. The end of the others came while
    nobody listened: that a device says so once more, as at each of its starts, is not when it came.

    A device whose clock is set says an alert again with another beginning. So does one that starts
    anew, but that goes and comes in between.
    """

    def __init__(self) -> None:
        #: By device and alert.
        self._on: dict[tuple[str, str], _On] = {}
        self._is_online: dict[str, bool] = {}
        #: Those of devices that neither came nor went since these were heard last.
        self._stays: set[tuple[str, str]] = set()

    def presence(self, device: str, *, is_online: bool) -> None:
        """A device came or went, or is said to be there or not."""
        if self._is_online.setdefault(device, is_online) != is_online:
            self._is_online[device] = is_online
            self._stays -= {each for each in self._stays if each[0] == device}

    def on(self, connection: int) -> set[tuple[str, str, int]]:
        """Device, name and beginning of those that are on, as was heard on this connection."""
        return {
            (*alert, each.since_ms)
            for alert, each in self._on.items()
            if each.connection == connection
        }

    def take(
        self, device: str, alert_id: str, raised: AlertRow | None, *, connection: int, now_ms: int
    ) -> list[AlertRow | AlertMove | AlertEnd]:
        """What one message adds to a history.

        raised: what it says of an alert that is on; None where it is over. connection: the number
        of the one that it came on. now_ms: when it came, milliseconds since 1970 in UTC.
        """
        rows: list[AlertRow | AlertMove | AlertEnd] = []
        alert = device, alert_id
        before, has_stayed = self._on.pop(alert, None), alert in self._stays
        self._stays.discard(alert)
        if before is not None and before.connection == connection:
            since_ms = before.since_ms
            if raised is None:
                rows.append(AlertEnd(now_ms, *alert, since_ms))
            elif raised.since_ms != since_ms:
                # Another beginning: a device that started anew says no word of the end.
                rows.append(
                    AlertMove(raised.since_ms, *alert, since_ms)
                    if has_stayed
                    else AlertEnd(now_ms, *alert, since_ms)
                )
        if raised is not None:
            self._on[alert] = _On(connection, raised.since_ms)
            self._stays.add(alert)
            rows.append(raised)
        return rows
