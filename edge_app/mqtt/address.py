"""A broker setting, such as `mqtts://user@host:8883` → scheme, host, port, path and user."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import unquote

from edge_app.errors import UsageError
from edge_app.peer import Peer

DEFAULT_PORT = 1883

#: Scheme → its port where the address names none. The `s` is TLS, `ws` MQTT in websockets.
SCHEMES = {"mqtt": DEFAULT_PORT, "mqtts": 8883, "ws": 80, "wss": 443}

#: Where brokers take websockets, unless the address says so.
DEFAULT_PATH = "/mqtt"

#: What asks for a broker in the process itself, with a port behind it if need be.
_EMBEDDED = "embedded"

_FORM = "write HOST, HOST:PORT or mqtt://USER@HOST:PORT, or mqtts://, ws:// or wss://"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
# Letters of any script: the resolver encodes international names.
_HOST = re.compile(r"[\w.-]{1,253}")
_PATH = re.compile(r"/[A-Za-z0-9._~%/-]{0,200}")


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a broker listens, and as whom to come.

    host: without brackets, also for IPv6.
    scheme: one of `SCHEMES`.
    path: of websockets.
    """

    host: str
    port: int = DEFAULT_PORT
    username: str | None = None
    scheme: str = "mqtt"
    path: str = DEFAULT_PATH

    @property
    def has_tls(self) -> bool:
        """Whether the connection is encrypted, and the broker's certificate checked."""
        return self.scheme in {"mqtts", "wss"}

    @property
    def has_websockets(self) -> bool:
        """Whether MQTT goes in websockets."""
        return self.scheme in {"ws", "wss"}

    @property
    def place(self) -> str:
        """`host:port`, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        """As it stands in messages: `host:port`, and what is not plain MQTT; never the user."""
        path = self.path if self.has_websockets else ""
        return self.place if self.scheme == "mqtt" else f"{self.scheme}://{self.place}{path}"


@dataclass(frozen=True, slots=True)
class Embedded:
    """A broker in the process that publishes."""

    port: int = DEFAULT_PORT


def parse_broker(setting: str) -> Embedded | BrokerAddress | None:
    """Read where events go, as `mien run` is told: `embedded`, `embedded:PORT`, or an address.

    None: nothing is said, and they go to standard output.

    Raises:
        UsageError: as `parse_address`.
    """
    if not setting:
        return None
    name, colon, port = setting.strip().partition(":")
    if name != _EMBEDDED:
        return parse_address(setting)
    return Embedded(_port(port, setting)) if colon else Embedded()


def peer_of(setting: str) -> Peer | None:
    """Whom the broker's password is shown to; None where there is no broker, or none can be."""
    try:
        address = parse_broker(setting)
    except UsageError:
        return None
    if not isinstance(address, BrokerAddress):
        return None
    return Peer(address.host.lower(), address.username, address.has_tls)


def parse_address(setting: str) -> BrokerAddress:
    """Read the address of a broker. A host that is called `embedded` needs a scheme before it.

    Raises:
        UsageError: it is no address of a broker. The text never repeats what may be a password.
    """
    if setting.strip().partition(":")[0] == _EMBEDDED:
        raise UsageError(
            f"broker address {_EMBEDDED!r}: that is a broker inside mien run; outside of it, it is"
            " localhost, or localhost:PORT"
        )
    try:
        setting.encode()
    except UnicodeEncodeError:
        # Not chained: the exception carries the setting.
        raise UsageError("broker address: not UTF-8; write it into a settings file") from None
    scheme, separator, rest = setting.strip().rpartition("://")
    name = _scheme(scheme) if separator else "mqtt"
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
    path = DEFAULT_PATH
    if name in {"ws", "wss"}:
        place, path = _path(place)
    host, port = _host_and_port(place.removesuffix("/"), SCHEMES[name])
    return BrokerAddress(host, port, unquote(userinfo) if at_sign else None, name, path)


def _scheme(scheme: str) -> str:
    name = scheme.lower()
    if name in SCHEMES:
        return name
    shown = f"{name}:// is no scheme of a broker" if _SCHEME.fullmatch(scheme) else "not readable"
    raise UsageError(f"broker address: {shown}; {_FORM}")


def _path(place: str) -> tuple[str, str]:
    """Host and port, and the path behind them."""
    host, slash, rest = place.partition("/")
    if not rest:
        return host, DEFAULT_PATH
    path = slash + rest
    if not _PATH.fullmatch(path):
        raise UsageError(
            "broker address: the path of websockets takes letters, digits and '-._~%/' only;"
            f" for example ws://HOST:PORT{DEFAULT_PATH}"
        )
    return host, path


def _host_and_port(place: str, default_port: int) -> tuple[str, int]:
    if any(character in place for character in "/?#"):
        raise UsageError(f"broker address: it has more than a host and a port; {_FORM}")
    if place.startswith("["):
        host, bracket, after = place[1:].partition("]")
        if not bracket or not _is_ipv6(host) or (after and not after.startswith(":")):
            raise UsageError(f"broker address {place!r}: no IPv6 address; write [ADDRESS]:PORT")
        return host, _port(after[1:], place) if after else default_port
    if place.count(":") > 1:
        raise UsageError(f"broker address {place!r}: put an IPv6 address in brackets: [::1]:1883")
    host, colon, port = place.partition(":")
    if not _HOST.fullmatch(host):
        raise UsageError(f"broker address {place!r}: no host name; {_FORM}")
    return host, _port(port, place) if colon else default_port


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
