"""What is said and what was asked for → why the camera has to stay closed, if it has to."""

from __future__ import annotations

import os
from pathlib import Path

from edge_app.daemon.kept_privacy import KeptPrivacy
from edge_app.doctor.camera import GROUP
from edge_app.doctor.finding import Finding


def reason_to_stay_closed(purpose: Finding, state: Path, device: str) -> Finding | None:
    """What to find instead of opening the source; None: it may be opened, as `mien run` may.

    purpose: what was found about it. state: the folder where a pause of the device is kept.
    """
    if purpose.verdict != "ok":
        return GROUP.warning("source", "no purpose is acknowledged", purpose.advice)
    # A pause that may not be read counts as one: true of a service, but not to be told as a fact.
    if not _may_look_into(state):
        return GROUP.warning(
            "source",
            f"{state}: this user may not see whether a pause was asked for",
            "run this as the service's user, or with sudo",
        )
    kept = KeptPrivacy(state, device)
    if not kept.read().is_paused:
        return None
    return GROUP.ok(
        "source", f"paused by a request; the request resume ends that (kept in {kept.file})"
    )


def _may_look_into(folder: Path) -> bool:
    try:
        return not folder.exists() or os.access(folder, os.R_OK | os.X_OK)
    except OSError:
        return False
