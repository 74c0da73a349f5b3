"""Findings → aligned lines for people, or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from edge_app.doctor.finding import Finding, Verdict, worst
from edge_app.terminal_lines import printable

SCHEMA_VERSION = 1

#: SGR parameters of a terminal: green, yellow, red.
_COLOURS: dict[Verdict, str] = {"ok": "32", "warning": "33", "failure": "31"}
_WIDEST = max(len(verdict) for verdict in _COLOURS)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The form of `--json`. verdict: the worst of the findings'."""

    schema_version: int = SCHEMA_VERSION
    device: str
    verdict: Verdict
    findings: tuple[Finding, ...]


def encode(findings: Sequence[Finding], device: str) -> str:
    """One JSON object."""
    report = Report(device=device, verdict=worst(findings), findings=tuple(findings))
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode()


def lines(findings: Sequence[Finding], *, has_colours: bool) -> Iterator[str]:
    """A headline for each group, a line for each finding, one for its advice, and the count."""
    group, width = "", 0
    for finding in findings:
        if finding.group != group:
            group = finding.group
            width = max(len(each.name) for each in findings if each.group == group)
            yield group
        verdict = f"{finding.verdict:<{_WIDEST}}"
        if has_colours:
            verdict = f"\x1b[{_COLOURS[finding.verdict]}m{verdict}\x1b[0m"
        # Names of files and processes may hold anything.
        yield f"  {verdict}  {finding.name:<{width}}  {printable(finding.text)}"
        if finding.advice:
            yield f"{'':{_WIDEST + width + 6}}→ {printable(finding.advice)}"
    yield ""
    yield _count(findings)


def _count(findings: Iterable[Finding]) -> str:
    verdicts = [finding.verdict for finding in findings]
    failures, warnings = verdicts.count("failure"), verdicts.count("warning")
    if not failures and not warnings:
        return "all is well"
    counted = ((failures, "failure"), (warnings, "warning"))
    return ", ".join(f"{n} {word}{'s' * (n != 1)}" for n, word in counted if n)
