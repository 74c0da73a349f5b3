"""What was counted and measured → rows of a JSON file, which `table.py` makes a page of."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.tally import Tally


@dataclass
class Row:
    """One fault. recovery: what its seconds are counted from and to. notes: more figures."""

    tally: Tally
    recovery: str = ""
    notes: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self.tally), "recovery": self.recovery, "notes": self.notes}


@dataclass
class Results:
    """Of one or several runs: what is measured again takes its old row's place.

    figures: by name; each with its unit in the name.
    """

    file: Path
    machine: dict[str, str]

    def add_row(self, row: Row) -> None:
        kept = self.read()
        fault = row.tally.fault
        rows = [each for each in kept.get("rows", []) if each["fault"] != fault]
        self._write({**kept, "rows": [*rows, row.as_json()]})

    def add_figures(self, **figures: object) -> None:
        kept = self.read()
        self._write({**kept, "figures": {**kept.get("figures", {}), **figures}})

    def add_board(self, board: str, stages: list[str]) -> None:
        """How far a model of a Raspberry Pi came."""
        kept = self.read()
        self._write({**kept, "boards": {**kept.get("boards", {}), board: stages}})

    def read(self) -> dict[str, Any]:
        """Everything; empty, if the file is of another image or machine."""
        if not self.file.exists():
            return {}
        kept: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
        return kept if kept.get("machine") == self.machine else {}

    def _write(self, kept: dict[str, Any]) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        said = json.dumps({**kept, "machine": self.machine}, indent=1) + "\n"
        self.file.write_text(said, encoding="utf-8")
