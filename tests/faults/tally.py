"""Events decided and events that arrived → what was lost, doubled, or out of order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

from tests.faults.recorder import Arrival


@dataclass
class Tally:
    """The count of one kind of fault."""

    fault: str
    times: int
    events: int = 0
    duplicates: int = 0
    out_of_order: int = 0
    lost: int = 0
    recoveries_s: list[float] = field(default_factory=list)

    def count(self, decided: Sequence[int], arrived: Sequence[Arrival]) -> None:
        """Order is that of each event's first arrival, within its lane."""
        first: dict[int, bool] = {}
        for number, is_historical in arrived:
            first.setdefault(number, is_historical)
        self.events = len(decided)
        self.lost = len(set(decided) - set(first))
        self.duplicates = len(arrived) - len(first)
        for lane in (True, False):
            numbers = [number for number, is_historical in first.items() if is_historical is lane]
            self.out_of_order += sum(a > b for a, b in pairwise(numbers))

    @property
    def is_clean(self) -> bool:
        return self.events > 0 and self.lost == 0 and self.out_of_order == 0

    @property
    def longest_recovery_s(self) -> float:
        return max(self.recoveries_s, default=0.0)

    def row(self) -> str:
        return (
            f"| {self.fault} | {self.times} | {self.events} | {self.duplicates} |"
            f" {self.out_of_order} | {self.lost} | {self.longest_recovery_s:.1f} s |"
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"longest_recovery_s": self.longest_recovery_s}


HEADER = (
    "| fault | times | events | duplicates | out of order | lost | longest recovery |\n"
    "|---|---:|---:|---:|---:|---:|---:|"
)
