"""A path in the settings → what keeps the service from it, which sees less than root."""

from __future__ import annotations

import os
from pathlib import Path

from edge_app.installation.service import SERVICE_ACCOUNT, SERVICE_STATE

#: The unit's ProtectHome= hides these.
_HOMES = ("/home", "/root", "/run/user")
#: Nobody can make a folder there, or it is not kept.
_KERNELS = ("/dev", "/proc", "/sys")
_READ, _WRITE, _SEARCH = 4, 2, 1


def why_unreadable(path: str, root: Path, account: tuple[int, int] | None) -> str | None:
    """What keeps the service from a file or folder that is there, below `root`; None: nothing.

    account: user and group of the service's; None where it is missing, and cannot be asked about.
    """
    place = (root / path.removeprefix("/")).resolve()
    if (home := _within(place, root, _HOMES)) is not None:
        return f"{path}: the service sees nothing in {home}; put it into /etc/mien"
    wanted = _READ | _SEARCH if place.is_dir() else _READ
    if account is not None and not (_may(place, account, wanted) and _leads(place, root, account)):
        return f"{path}: the account {SERVICE_ACCOUNT} may not read it; give it to that (chown)"
    return None


def why_no_outbox(path: str, root: Path, account: tuple[int, int] | None) -> str | None:
    """What keeps the service from a folder for its events, there or to be made; None: nothing.

    Not that the unit keeps it read-only: then events wait in memory.
    """
    place = (root / path.removeprefix("/")).resolve()
    if (closed := _within(place, root, (*_HOMES, *_KERNELS))) is not None:
        return f"{path}: the service can keep nothing in {closed}; name another folder"
    there = place
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        return f"{path}: a file is in its place; name another folder"
    # systemd gives the account its own.
    if account is None or _within(place, root, (str(SERVICE_STATE),)) is not None:
        return None
    wanted = _READ | _WRITE | _SEARCH if there == place else _SEARCH
    if not (_may(there, account, wanted) and _leads(there, root, account)):
        return f"{path}: the account {SERVICE_ACCOUNT} may not write there; give it to that (chown)"
    return None


def _within(place: Path, root: Path, folders: tuple[str, ...]) -> str | None:
    """The one of `folders`, as they are called on the device, in which `place` is."""
    real = root.resolve()
    return next((each for each in folders if place.is_relative_to(real / each[1:])), None)


def _leads(place: Path, root: Path, account: tuple[int, int]) -> bool:
    """Whether the folders above, below `root`, let the account through."""
    real = root.resolve()
    return all(
        _may(folder, account, _SEARCH)
        for folder in place.parents
        if folder != real and folder.is_relative_to(real)
    )


def _may(place: Path, account: tuple[int, int], wanted: int) -> bool:
    status, (user, group) = place.stat(), account
    if status.st_uid == user:
        shift = 6
    else:
        shift = 3 if status.st_gid in os.getgrouplist(SERVICE_ACCOUNT, group) else 0
    return (status.st_mode >> shift) & wanted == wanted
