"""The locked requirements → the lines that one target needs, hashes and all, without markers.

pip evaluates markers for the machine it runs on, even when it chooses wheels for another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from packaging.requirements import Requirement

from systemd.packaging.target import Target


def lines_for(target: Target, lock: Path, *, without: Collection[str] = ()) -> Iterator[str]:
    """Each requirement of `lock` that holds on `target`; without: names that Debian brings."""
    for entry in lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        text, _, hashes = entry.partition(" --hash=")
        if not text.strip() or text.startswith("#"):
            continue
        requirement = Requirement(text)
        marker = requirement.marker
        holds = marker is None or marker.evaluate(dict(target.markers))
        if holds and requirement.name not in without:
            yield f"{requirement.name}{requirement.specifier} --hash={' '.join(hashes.split())}"
