"""A stream's URL, and where it stands → whether every user of this machine reads its password."""

from __future__ import annotations

from pathlib import Path

from edge_app.frames.stream_address import holds_password
from edge_app.secret_file import is_for_all


def exposed_password(source: str, file: Path | None, *, is_word: bool) -> str | None:
    """What to say of the password, on one line; None: there is none, or it is for few to read.

    source: as `camera.source` has it. file: of the settings. is_word: it does not stand there, but
    in the command line, which `ps` shows to all.
    """
    if not holds_password(source):
        return None
    if not is_word and (file is None or not is_for_all(file)):
        return None
    where = "--source" if is_word else file
    return (
        f"{where}: every user of this machine can read the password in the stream's URL; leave it"
        " out there, and name its file as password_file in [camera]"
    )
