"""A stream's URL as a user writes it → what to connect to, and what may be shown of it."""

from __future__ import annotations

import contextlib
import re
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

from edge_app.errors import UsageError
from edge_app.peer import Peer
from edge_app.secret_file import first_line

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+-]*://")
#: The same of a stream, misspelt.
_LIKE_SCHEME = re.compile(r"(?:rtsp|http)s?[:;/]+", re.IGNORECASE)
#: Where a URL's path or query begins. Cameras take passwords in both.
_BEHIND_PLACE = re.compile(r"[/?#]")
#: As much of host and port as looks like them.
_PLACE = re.compile(r"(?:\[[\w:.%-]*\]|[\w.-]*)(?::[0-9]{1,5}\Z)?")
#: Where names and values begin in what lacks its scheme.
_VALUES = re.compile(r"[?&=]")
#: For what may be all secret.
_HIDDEN = "..."
_FORM = "write SCHEME://[USER@]HOST[:PORT]/PATH"
_SPECIAL = (
    "; in a password, write # as %23, / as %2F, ? as %3F, [ as %5B and % as %25, or put it into"
    " camera.password_file"
)


@dataclass(frozen=True, slots=True)
class StreamAddress:
    """name: for messages; scheme, host and port. url: whole, but without the user."""

    name: str
    url: str = field(repr=False)
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def url_for_ffmpeg(self) -> str:
        """With user and password, which FFmpeg takes nowhere else. Never to be shown."""
        if self.user is None:
            return self.url
        scheme, _, rest = self.url.partition("://")
        words = [self.user] if self.password is None else [self.user, self.password]
        return f"{scheme}://{':'.join(urllib.parse.quote(word, safe='') for word in words)}@{rest}"


def parse_stream(setting: str, password_file: Path | None = None) -> StreamAddress:
    """Read `scheme://[user[:password]@]host[:port]/path`; the file's first line is the password.

    Raises:
        UsageError: it is no such URL, or not UTF-8, or the password file cannot be read or lacks
            its user.
    """
    name = public_name(setting)
    try:
        setting.encode()
    except UnicodeEncodeError:
        # Not chained: the exception carries the setting.
        raise UsageError(f"{name}: not UTF-8; write it into a settings file") from None
    try:
        parts = urllib.parse.urlsplit(setting)
        user, password = parts.username, parts.password
        host, _ = parts.hostname, parts.port
    except ValueError:
        # Not chained: the exception may carry the password.
        advice = _SPECIAL if "@" in setting else ""
        raise UsageError(f"{name}: no URL; {_FORM}{advice}") from None
    if not user and "@" in parts.fragment:
        # The host would be the user, and the port the password's first digits.
        raise UsageError(f"{name}: no URL; {_FORM}{_SPECIAL}")
    if not host or re.search(r"\s", setting):
        raise UsageError(f"{name}: names no host; {_FORM}")
    user, password = (None if word is None else urllib.parse.unquote(word)
                      for word in (user, password))  # fmt: skip
    if password_file is not None:
        if not user:
            raise UsageError(
                f"{name}: a password file needs its user; write {parts.scheme}://USER@HOST"
            )
        password = first_line(password_file, "camera's password file")
    url = urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return StreamAddress(name, url, user, password)


def holds_password(setting: str) -> bool:
    """Whether `setting` is a stream's URL with a user's password; none can be told in a path."""
    try:
        return parse_stream(setting).password is not None
    except UsageError:
        return False


def peer_of_stream(setting: str) -> Peer | None:
    """Whom the camera's password is shown to; None where `setting` is no stream, or none can be."""
    try:
        address = parse_stream(setting)
    except UsageError:
        return None
    parts = urllib.parse.urlsplit(address.url)
    return Peer(parts.hostname or "", address.user, parts.scheme in {"rtsps", "https"})


def public_name(setting: str) -> str:
    """A source's setting without what is secret in a URL, though it be misspelt.

    Of a stream, its scheme, host and port. What is there, a file or a device, stays as it is, and
    so does the path of what is only missing in its folder.
    """
    if (scheme := _SCHEME.match(setting)) is not None:
        return scheme[0] + _public_place(setting[scheme.end() :])
    # A path too long, forbidden or with a NUL, an unknown ~user: nothing that is there.
    with contextlib.suppress(OSError, RuntimeError, ValueError):
        path = Path(setting).expanduser()
        # A host may be called as a folder is: only behind one slash it is none.
        is_path = path.is_absolute() and not setting.startswith("//") and "@" not in setting
        if path.exists() or (is_path and path.parent.name and path.parent.exists()):
            return setting
    if (scheme := _LIKE_SCHEME.match(setting)) is not None:
        return scheme[0] + _public_place(setting[scheme.end() :])
    before, *behind = _VALUES.split(setting, maxsplit=1)
    if any("@" in each for each in behind):
        return _HIDDEN
    _, at_sign, rest = before.rpartition("@")
    return public_name(rest) if at_sign else before


def _public_place(rest: str) -> str:
    """Host and port of what stands behind a URL's scheme."""
    place, *behind = _BEHIND_PLACE.split(rest, maxsplit=1)
    if any("@" in each for each in behind):
        # A password with a slash, and then this is its user, or one of the path.
        return _HIDDEN
    found = _PLACE.match(place.rpartition("@")[2])
    return "" if found is None else found[0]
