"""Two addresses of brokers or cameras → whether one's password may be shown to the other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom a password is shown to. host: in small letters. username: as whom to come, if anyone.

    has_tls: whether the connection is encrypted.
    """

    host: str
    username: str | None
    has_tls: bool


def keeps_password(before: Peer | None, now: Peer | None) -> bool:
    """Whether `now` may be shown the password of `before`; None: no address that could be."""
    if before is None or now is None:
        return False
    # Without TLS whoever listens on the way reads it, and whoever answers in the host's place gets
    # it. Who leaves TLS off should know that the password goes along: they are asked for it again.
    is_guarded = now.has_tls or not before.has_tls
    return is_guarded and (before.host, before.username) == (now.host, now.username)
