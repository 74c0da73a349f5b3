"""This user, the camera's device and the secrets' files → who may read what."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from edge_app.doctor.finding import Finding, Group
from edge_app.secret_file import how_to_close

GROUP = Group("permissions")

#: The group that Debian gives cameras to.
VIDEO = "video"


def check_permissions(
    source: str,
    secret_files: Sequence[Path],
    *,
    exposed: str | None = None,
    groups: Callable[[], Sequence[str]] | None = None,
    user: Callable[[], str] | None = None,
) -> Iterator[Finding]:
    """Look at the camera, and at each file that holds a secret.

    source: a camera's device, the name of another source, or what names none.
    exposed: what is to be said of a password in the source; None: nothing.
    groups, user: names of the present user's.
    """
    name = (user or _user)()
    yield _camera(source, name, (groups or _groups)())
    if exposed is not None:
        text, _, advice = exposed.partition("; ")
        yield GROUP.warning("source", text, advice)
    for file in secret_files:
        yield _secret(file, name)


def _camera(source: str, user: str, groups: Sequence[str]) -> Finding:
    is_local = source.startswith(("/dev/", "v4l2:", "picamera2:"))
    if not is_local:
        # Unnamed: a misspelt URL would be told with its password.
        return GROUP.ok("camera", f"user {user}; the source is not a device")
    if user == "root" or VIDEO in groups:
        return GROUP.ok("camera", f"user {user} may use cameras")
    device = Path(source)
    if device.exists() and os.access(device, os.R_OK | os.W_OK):
        return GROUP.ok("camera", f"user {user} may use {device}")
    return GROUP.warning(
        "camera",
        f"user {user} is not in the group {VIDEO}",
        f"sudo usermod -aG {VIDEO} {user}, and log in again",
    )


def _secret(file: Path, user: str) -> Finding:
    name = file.name
    try:
        mode = file.stat().st_mode
        with file.open("rb"):
            pass
    except OSError as error:
        return GROUP.failure(
            name,
            f"{file}: {error.strerror}",
            f"name another file, or let the user {user} read it",
        )
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        return GROUP.warning(
            name,
            f"{file}: every user of this machine can read or write it",
            how_to_close(file),
        )
    return GROUP.ok(name, f"{file}: mode {stat.S_IMODE(mode):03o}")


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _groups() -> list[str]:
    mine = {os.getegid(), *os.getgroups()}
    return [each.gr_name for each in grp.getgrall() if each.gr_gid in mine]
