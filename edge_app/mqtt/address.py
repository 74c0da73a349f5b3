"""A broker setting, such as `mqtt://user@host:1883` → host, port and user."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import unquote

from edge_app.errors import UsageError

DEFAULT_PORT = 1883

_FORM = "write HOST, HOST:PORT or mqtt://USER@HOST:PORT"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
# Letters of any script: the resolver encodes international names.
_HOST = re.compile(r"[\w.-]{1,253}")


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a broker listens, and as whom to come. host: without brackets, also for IPv6."""

    host: str
    port: int = DEFAULT_PORT
    username: str | None = None

    def __str__(self) -> str:
        """`host:port`, as it stands in messages; never the user."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(setting: str) -> BrokerAddress:
    """Read a broker setting.

    Raises:
        UsageError: it is no address of a broker. The text never repeats what may be a password.
    """
    scheme, separator, rest = setting.strip().rpartition("://")
    if separator:
        _check_scheme(scheme)
    # Whatever stands before the last @ is looked at first: a password may hold any character, and
    # none of the messages below may show it.
    userinfo, at_sign, place = rest.rpartition("@")
    if ":" in userinfo:
        raise UsageError(
            "broker address: a password in the address can be read by others; write"
            " mqtt://USER@HOST:PORT and put the password into a password file"
        )
    if at_sign and not userinfo:
        raise UsageError(f"broker address: the user before '@' is missing; {_FORM}")
    host, port = _host_and_port(place.removesuffix("/"))
    return BrokerAddress(host, port, unquote(userinfo) if at_sign else None)


def _check_scheme(scheme: str) -> None:
    name = scheme.lower()
    if name == "mqtt":
        return
    if name in {"mqtts", "ws", "wss"}:
        raise UsageError(f"broker address: {name}:// is not supported yet; {_FORM}")
    shown = f"{name}:// is no scheme of a broker" if _SCHEME.fullmatch(scheme) else "not readable"
    raise UsageError(f"broker address: {shown}; {_FORM}")


def _host_and_port(place: str) -> tuple[str, int]:
    if any(character in place for character in "/?#"):
        raise UsageError(f"broker address: it has more than a host and a port; {_FORM}")
    if place.startswith("["):
        host, bracket, after = place[1:].partition("]")
        if not bracket or not _is_ipv6(host) or (after and not after.startswith(":")):
            raise UsageError(f"broker address {place!r}: no IPv6 address; write [ADDRESS]:PORT")
        return host, _port(after[1:], place) if after else DEFAULT_PORT
    if place.count(":") > 1:
        raise UsageError(f"broker address {place!r}: put an IPv6 address in brackets: [::1]:1883")
    host, colon, port = place.partition(":")
    if not _HOST.fullmatch(host):
        raise UsageError(f"broker address {place!r}: no host name; {_FORM}")
    return host, _port(port, place) if colon else DEFAULT_PORT


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True


def _port(text: str, place: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
    if not 1 <= port <= 65535:
        raise UsageError(f"broker address {place!r}: the port is a number from 1 to 65535")
    return port
