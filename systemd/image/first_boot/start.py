"""Settings and the files that came with them → whether the service could start with all of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import msgspec

from edge_app.errors import MienError, UsageError
from edge_app.installation.service import SERVICE_STATE
from edge_app.mqtt.credentials import PASSWORD_CREDENTIAL, USERNAME_CREDENTIAL
from edge_app.settings import Settings

from .reach import why_no_outbox, why_unreadable
from .readers import MQTT_PASSWORD, SERVICE, SETTINGS, Reader

#: systemd hands these to the service.
_CREDENTIALS = {
    "/etc/credstore/mien.mqtt-username": USERNAME_CREDENTIAL,
    f"/{MQTT_PASSWORD.place}": PASSWORD_CREDENTIAL,
}
#: Section → its settings that name files and folders.
_NAMING = {
    "camera": ("password_file",),
    "models": ("directory", "trusted_key"),
    "mqtt": ("username_file", "password_file", "ca_file", "certificate_file", "key_file"),
}


def check_named(settings: Settings, dropped: Collection[Reader]) -> None:
    """Refuse a file that would lie in its place without any use.

    Raises:
        UsageError: the settings name another one, or none.
    """
    for reader in dropped:
        if reader == MQTT_PASSWORD and settings.mqtt.password_file:
            raise UsageError(f"{reader.name} needs no password_file in [mqtt]: leave that out")
        setting = reader.named_in
        if setting is not None and _said(settings, setting) != f"/{reader.place}":
            raise UsageError(f"{reader.name} is of use only with {_line(reader, setting)}")


def check_start(
    settings: Settings,
    root: Path,
    *,
    texts: Mapping[Reader, str] | None = None,
    removed: Collection[Reader] = (),
    account: tuple[int, int] | None = None,
) -> None:
    """Look for what `mien run` needs, as if `texts` were in their places, and `removed` were not.

    account: user and group of the service's, who is to read what is there; None: not known.

    Raises:
        MienError: the service could not start.
    """
    with tempfile.TemporaryDirectory(prefix="mien-") as name:
        folder = Path(name)
        #: As the service will find it → where it is now.
        now: dict[str, Path] = {}
        for reader, text in (texts or {}).items():
            now[f"/{reader.place}"] = folder / reader.name
            now[f"/{reader.place}"].write_text(text, encoding="utf-8")
        for reader in removed:
            now[f"/{reader.place}"] = folder / reader.name
        _check_files(settings, lambda path: _found(path, now, root).exists())
        _check_reach(settings, root, account, but=now)
        credentials = folder / "credentials"
        credentials.mkdir()
        for place, credential in _CREDENTIALS.items():
            if (file := _found(place, now, root)).exists():
                now[place] = credentials / credential
                now[place].symlink_to(file)
        environ = {"CREDENTIALS_DIRECTORY": str(credentials), "STATE_DIRECTORY": str(SERVICE_STATE)}
        try:
            _check(_moved(settings, now, root), environ)
        except MienError as error:
            text = str(error)
            for place, file in now.items():
                text = text.replace(str(file), place)
            raise UsageError(text if root == Path("/") else text.replace(str(root), "")) from None


def _check_files(settings: Settings, is_there: Callable[[str], bool]) -> None:
    """Tell how a file comes onto the device: whoever reads this has the card in a computer."""
    for reader in SERVICE:
        setting = reader.named_in
        if setting is not None and (path := _said(settings, setting)) and not is_there(path):
            also = "" if path == f"/{reader.place}" else f", with {_line(reader, setting)}"
            raise UsageError(
                f"{setting[1]} in [{setting[0]}]: {path} is not on this device; drop it as"
                f" {reader.name}{also}"
            )
    if (path := settings.mqtt.password_file) and not is_there(path):
        raise UsageError(
            f"password_file in [mqtt]: {path} is not on this device; leave that out, and drop"
            f" {MQTT_PASSWORD.name}"
        )


def _check_reach(
    settings: Settings, root: Path, account: tuple[int, int] | None, *, but: Collection[str]
) -> None:
    """but: paths of files that come with the settings, and are given to the account."""
    for section, keys in _NAMING.items():
        for key in (*keys, "source") if section == "camera" else keys:
            path = _said(settings, (section, key))
            # A camera may come later, and its group is the account's.
            is_device = not path.startswith("/") or path.startswith("/dev/")
            if is_device or path in but or not (root / path.removeprefix("/")).exists():
                continue
            if (wrong := why_unreadable(path, root, account)) is not None:
                raise UsageError(f"{key} in [{section}]: {wrong}")
    path = settings.outbox.directory
    if path and (wrong := why_no_outbox(path, root, account)) is not None:
        raise UsageError(f"directory in [outbox]: {wrong}")


def _check(settings: Settings, environ: Mapping[str, str]) -> None:
    # They bring in OpenCV: time that a start without new settings keeps.
    from edge_app.daemon.next_start import check_next_start  # noqa: PLC0415
    from edge_app.installation.purpose import missing_purpose  # noqa: PLC0415

    if not settings.mqtt.broker:
        # The service has no standard output.
        raise UsageError("`broker` in [mqtt] is missing: events need somewhere to go")
    file = Path(SETTINGS.name)
    if (lacking := missing_purpose(settings, file)) is not None:
        # No `mien setup` asks here.
        reason = lacking.removeprefix(f"{file}: ").partition("; ")[0]
        raise UsageError(f"{reason}; read PRIVACY.md and write purpose in [privacy]")
    # Of the same outbox: looking for it would make it, as another user; see `_check_reach`.
    check_next_start(settings, file, environ, running=settings)


def _moved(settings: Settings, now: Mapping[str, Path], root: Path) -> Settings:
    """The same settings with every file where it is now."""
    moved = {}
    for name, keys in _NAMING.items():
        section = getattr(settings, name)
        said = {key: getattr(section, key) for key in keys}
        files = {key: str(_found(path, now, root)) for key, path in said.items() if path}
        moved[name] = msgspec.structs.replace(section, **files)
    return msgspec.structs.replace(settings, **moved)


def _found(path: str, now: Mapping[str, Path], root: Path) -> Path:
    return now[path] if path in now else root / path.removeprefix("/")


def _said(settings: Settings, setting: tuple[str, str]) -> str:
    section, key = setting
    said: str = getattr(getattr(settings, section), key)
    return said


def _line(reader: Reader, setting: tuple[str, str]) -> str:
    """What to write so that the settings name it."""
    section, key = setting
    return f'{key} = "/{reader.place}" in [{section}]'
