"""A publisher that keeps what it is told, in order."""

from __future__ import annotations

from edge_app.events.payloads import Alert, Event, Info, State, Summary, Telemetry
from edge_app.events.publisher import Backlog, Publisher
from edge_app.events.requests import Response


class Recorder(Publisher):
    def __init__(self) -> None:
        self.infos: list[Info] = []
        self.events: list[Event] = []
        self.states: list[State] = []
        self.summaries: list[Summary] = []
        self.telemetries: list[Telemetry] = []
        self.alerts: list[tuple[str, Alert | None]] = []
        self.responses: list[tuple[str, Response]] = []
        self.backlog_now = Backlog()
        self.is_closed = False

    def announce(self, info: Info) -> None:
        self.infos.append(info)

    def publish_event(self, event: Event) -> None:
        self.events.append(event)

    def publish_state(self, state: State) -> None:
        self.states.append(state)

    def publish_summary(self, summary: Summary) -> None:
        self.summaries.append(summary)

    def publish_telemetry(self, telemetry: Telemetry) -> None:
        self.telemetries.append(telemetry)

    def publish_alert(self, alert_id: str, alert: Alert | None) -> None:
        self.alerts.append((alert_id, alert))

    def publish_response(self, request: str, response: Response) -> None:
        self.responses.append((request, response))

    @property
    def backlog(self) -> Backlog:
        return self.backlog_now

    def close(self) -> None:
        self.is_closed = True
