"""docs/fleet/dashboard.json → the questions it puts to the database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FLEET = Path(__file__).parents[3] / "docs" / "fleet"


def dashboard() -> Any:
    return json.loads((FLEET / "dashboard.json").read_text(encoding="utf-8"))


def dashboard_queries(*, from_ms: int, to_ms: int, device: str) -> list[tuple[str, str]]:
    """Title and SQL of each panel, with Grafana's variables filled in."""
    queries = []
    for panel in dashboard()["panels"]:
        (target,) = panel["targets"]
        query = target["rawQueryText"]
        for variable, value in (
            ("$__from", str(from_ms)),
            ("$__to", str(to_ms)),
            ("${device:sqlstring}", f"'{device}'"),
        ):
            query = query.replace(variable, value)
        assert "$" not in query, query
        queries.append((panel["title"], query))
    return queries
