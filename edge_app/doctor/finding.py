"""What a check found: a verdict, what it rests on, and what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec

from edge_app.errors import MienError

#: `warning`: it works, but not well or not for long. `failure`: it does not work.
Verdict = Literal["ok", "warning", "failure"]

_LOG = logging.getLogger(__name__)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report. advice: what to do; empty where all is well. Never with a secret."""

    group: str
    name: str
    verdict: Verdict
    text: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Makes the findings of one group: whoever finds fault has to say what to do."""

    name: str

    def ok(self, name: str, text: str) -> Finding:
        """It works."""
        return Finding(group=self.name, name=name, verdict="ok", text=text)

    def warning(self, name: str, text: str, advice: str) -> Finding:
        """It works, but not well or not for long."""
        return Finding(group=self.name, name=name, verdict="warning", text=text, advice=advice)

    def failure(self, name: str, text: str, advice: str) -> Finding:
        """It does not work."""
        return Finding(group=self.name, name=name, verdict="failure", text=text, advice=advice)

    def failed(self, name: str, error: MienError) -> Finding:
        """Likewise, in the words of one of our errors: what happened; what to do."""
        text, _, advice = str(error).partition("; ")
        return self.failure(name, text, advice or "see docs/doctor.md")


#: Looks at one group of things.
Check = Callable[[], Iterable[Finding]]


def examine(checks: Iterable[tuple[Group, Check]]) -> Iterator[Finding]:
    """Run the checks one after the other; one that breaks does not keep the others from working."""
    for group, check in checks:
        try:
            yield from check()
        except Exception as error:  # noqa: BLE001 - whatever broke, the other checks are wanted
            # Not its text: nobody knows what stands in it.
            _LOG.debug("%s", group.name, exc_info=True)
            yield group.failure(
                "check",
                f"the check itself broke off: {type(error).__name__}",
                "report it, with the other lines",
            )


def worst(findings: Iterable[Finding]) -> Verdict:
    """The verdict on all of them."""
    found = {finding.verdict for finding in findings}
    if "failure" in found:
        return "failure"
    return "warning" if "warning" in found else "ok"
