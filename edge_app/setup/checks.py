"""One answer → what is wrong with it, in words for the person who gave it; None: nothing."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

import msgspec

from edge_app.errors import MienError
from edge_app.events.payloads import PrivacyMode
from edge_app.frames.setting import CameraOptions, choose_source
from edge_app.frames.stream_address import parse_stream
from edge_app.mqtt.address import BrokerAddress, parse_broker
from edge_app.settings import Settings

Check = Callable[[str], str | None]

_IN_ADDRESS = "a password in the address can be read by others"


def purpose(value: str) -> str | None:
    """Anything that fits on one line."""
    if not value.strip():
        return "say what Mien is used for"
    if not value.isprintable() or not _fits("privacy", "purpose", value):
        return "write one line of text, at most 200 characters"
    return None


def device(value: str) -> str | None:
    """What a topic takes; empty is the host's name."""
    if value.isprintable() and _fits("device", "name", value):
        return None
    return "letters, digits, _ and -, at most 64 of them"


def camera(value: str, *, advice: str) -> str | None:
    """A source that can be, whether or not it is there now.

    advice: what to do with a password, which has no place in an address.
    """
    if is_stream(value) and _has_password(value):
        return f"{_IN_ADDRESS}; write SCHEME://USER@HOST/PATH, and {advice}"
    try:
        choose_source(value, options=CameraOptions())
    except MienError as error:
        return str(error)
    return None


def broker(value: str, *, advice: str) -> str | None:
    """An address, `embedded`, or nothing for standard output. advice: as of `camera`."""
    if ":" in _userinfo(value):
        return f"{_IN_ADDRESS}; write mqtt://USER@HOST:PORT, and {advice}"
    try:
        parse_broker(value)
    except MienError as error:
        return str(error)
    return None


def user(value: str) -> str | None:
    """What an address can carry."""
    return None if value.isprintable() else "write one line of text"


def password(value: str) -> str | None:
    """What the first line of a file can hold. Never repeated."""
    if not value:
        return "it is empty; leave it out where there is none"
    is_one_line = value.splitlines() == [value] and "\x00" not in value
    return None if is_one_line and _is_utf8(value) else "write one line of text"


def privacy(value: str) -> str | None:
    """One of the modes."""
    modes = get_args(PrivacyMode)
    return None if value in modes else f"write {' or '.join(modes)}"


def together(said: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is wrong with answers that are right each, by answer."""
    if "camera_password" in said and not camera_user(said.get("camera", "")):
        yield "camera_password", "it needs camera = SCHEME://USER@HOST/PATH"
    try:
        address = parse_broker(said.get("broker", ""))
    except MienError:
        # Told already; it says nothing of the others.
        return
    is_address = isinstance(address, BrokerAddress)
    own = isinstance(address, BrokerAddress) and address.username is not None
    if said.get("broker_user") and (own or not is_address):
        yield "broker_user", "it needs the address of a broker, without a user of its own"
    elif "broker_password" in said and not (own or (is_address and said.get("broker_user"))):
        yield "broker_password", "it needs the address of a broker, and broker_user"


def is_stream(value: str) -> bool:
    """Whether it is a URL."""
    return "://" in value


def camera_user(value: str) -> str | None:
    """The user of a stream's address."""
    try:
        return parse_stream(value).user if is_stream(value) else None
    except MienError:
        return None


def with_user(address: str, name: str | None) -> str:
    """The broker's address with a user in it."""
    if not name:
        return address
    scheme, _, place = address.rpartition("://")
    return f"{scheme or 'mqtt'}://{urllib.parse.quote(name, safe='')}@{place}"


def without_user(address: str) -> str:
    """The broker's address for another user."""
    scheme, separator, place = address.rpartition("://")
    return f"{scheme}{separator}{place.rpartition('@')[2]}"


def _has_password(url: str) -> bool:
    try:
        return parse_stream(url).password is not None
    except MienError:
        # What ends the address too early is mostly in a password.
        return ":" in _userinfo(url)


def _userinfo(address: str) -> str:
    """What stands before the host, and may be secret."""
    return address.rpartition("://")[2].rpartition("@")[0]


def _fits(section: str, key: str, value: Any) -> bool:
    try:
        msgspec.convert({section: {key: value}}, Settings)
    except msgspec.ValidationError:
        return False
    return True


def _is_utf8(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
