"""A back-off that waits for the test."""

from __future__ import annotations

import threading

from edge_app.mqtt.backoff import Backoff


class HeldBackoff(Backoff):
    """Lets a publisher come back when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go = threading.Event()

    def next_delay_s(self) -> float:
        self.may_go.wait(150)
        return 0.05
