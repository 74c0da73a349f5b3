"""The service's dropped files, its settings and what belongs to them → all in place, or none.

A password that was taken without its settings would be shown to the broker of before.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator, Mapping
from pathlib import Path

from edge_app.errors import MienError, UsageError
from edge_app.installation.service import SERVICE_ACCOUNT
from edge_app.mqtt.address import peer_of
from edge_app.peer import keeps_password
from edge_app.settings import Settings
from edge_app.settings_file import read_settings

from .dropped import Dropped, find_dropped, why_not
from .placing import Placed, erase, place_together
from .readers import MQTT_PASSWORD, SERVICE, SETTINGS, Reader, read_dropped
from .start import check_named, check_start

#: The package's own settings; its installation copies them.
_SHIPPED = "usr/share/mien/mien.toml"


def take_service(boot: Path, root: Path) -> Iterator[str]:
    """Take them if the service can start with them; yields a line for each file that stays."""
    dropped: dict[Reader, Dropped] = {}
    wrong: dict[Reader, str] = {}
    for reader in SERVICE:
        try:
            if (found := find_dropped(boot, reader)) is not None:
                dropped[reader] = found
        except Exception as error:  # noqa: BLE001 - whatever broke, the device has to start
            wrong[reader] = why_not(error, reader.name, boot)
    yield from wrong.values()
    if dropped and not wrong:
        # Where there are settings, they say what is expected of the others.
        concerned = [SETTINGS] if SETTINGS in dropped else list(dropped)
        name = ", ".join(reader.name for reader in concerned)
        try:
            _take(dropped, root)
        except UsageError as error:
            wrong = dict.fromkeys(concerned, f"{name}: {error}")
        except Exception as error:  # noqa: BLE001 - likewise
            wrong = dict.fromkeys(concerned, why_not(error, name, boot))
        yield from set(wrong.values())
    for reader in dropped if wrong else ():
        if reader not in wrong:
            yield f"{reader.name}: stays until that is mended: they are taken together"


def _take(dropped: Mapping[Reader, Dropped], root: Path) -> None:
    """Take them, or nothing.

    Raises:
        UsageError: the service could not start with them, or has no use for one.
        OSError: one cannot be written, or erased afterwards.
    """
    before, account = _in_force(root), _account()
    asked, removed = before, list[Reader]()
    if SETTINGS in dropped:
        asked = read_dropped(dropped[SETTINGS].text)
        if MQTT_PASSWORD not in dropped and _has_password_of_another(before, asked, root):
            removed.append(MQTT_PASSWORD)
    if asked is not None:
        texts = {reader: each.text for reader, each in dropped.items()}
        check_named(asked, dropped)
        try:
            check_start(asked, root, texts=texts, removed=removed, account=account)
        except MienError as error:
            # A password may come before the settings that make a start possible.
            if SETTINGS in dropped or _starts(before, root, account):
                raise UsageError(str(error)) from None
    place_together(
        [
            Placed(root / reader.place, each.text, *_for_whom(reader, account, asked))
            for reader, each in dropped.items()
        ],
        without=[root / reader.place for reader in removed],
    )
    for each in dropped.values():
        erase(each.file)


def _for_whom(
    reader: Reader, account: tuple[int, int] | None, asked: Settings | None
) -> tuple[int, tuple[int, int] | None]:
    """Mode and owner of the reader's file; None: who runs this."""
    if reader == SETTINGS and account is not None and asked and "://" in asked.camera.source:
        # A stream's URL may have a password in it, in the path, too.
        return 0o640, (os.geteuid(), account[1])
    return reader.mode, account if reader.is_accounts else None


def _in_force(root: Path) -> Settings | None:
    try:
        return read_settings(root / SETTINGS.place, {})
    except UsageError:
        return None


def _has_password_of_another(before: Settings | None, asked: Settings, root: Path) -> bool:
    """As `mien setup` has it: one broker's password is not for another to see.

    One that came before any settings did belongs to those that come now.
    """
    if not (root / MQTT_PASSWORD.place).exists() or _are_shipped(root):
        return False
    # Settings that cannot be read, or start just now, may have shown it to their broker before.
    return before is None or not keeps_password(
        peer_of(before.mqtt.broker), peer_of(asked.mqtt.broker)
    )


def _are_shipped(root: Path) -> bool:
    """Whether the settings in force are the package's own, which no start was made with."""
    try:
        return (root / SETTINGS.place).read_bytes() == (root / _SHIPPED).read_bytes()
    except OSError:
        return False


def _starts(settings: Settings | None, root: Path, account: tuple[int, int] | None) -> bool:
    if settings is None:
        return False
    try:
        check_start(settings, root, account=account)
    except MienError:
        return False
    return True


def _account() -> tuple[int, int] | None:
    """User and group of the service's account; None where it is missing."""
    try:
        found = pwd.getpwnam(SERVICE_ACCOUNT)
    except KeyError:
        return None
    return found.pw_uid, found.pw_gid
