"""What connections say of alerts → the rows of their beginnings and ends."""

from __future__ import annotations

from typing import NamedTuple

from edge_app.history.rows import AlertEnd, AlertRow


class _On(NamedTuple):
    """An alert without an end; connection: the one on which it was heard last."""

    connection: int
    since_ms: int


class AlertSpans:
    """Which alerts are on, as far as that was heard.

    A broker says at the beginning of a connection which ones are. The end of the others came while
    nobody listened: that a device says so once more, as at each of its starts, is not when it came.
    """

    def __init__(self) -> None:
        #: By device and alert.
        self._on: dict[tuple[str, str], _On] = {}

    def take(
        self, device: str, alert_id: str, raised: AlertRow | None, *, connection: int, now_ms: int
    ) -> list[AlertRow | AlertEnd]:
        """What one message adds to a history.

        raised: what it says of an alert that is on; None where it is over. connection: the number
        of the one that it came on. now_ms: when it came, milliseconds since 1970 in UTC.
        """
        rows: list[AlertRow | AlertEnd] = []
        before = self._on.pop((device, alert_id), None)
        # Another beginning: a device that started anew says no word of the end.
        is_over = before is not None and (raised is None or raised.since_ms != before.since_ms)
        if before is not None and is_over and before.connection == connection:
            rows.append(AlertEnd(now_ms, device, alert_id, before.since_ms))
        if raised is not None:
            self._on[device, alert_id] = _On(connection, raised.since_ms)
            rows.append(raised)
        return rows
