"""What a person answers, or a file of answers says → checked answers, with every mistake named."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec

from edge_app.errors import UsageError
from edge_app.events.payloads import PrivacyMode
from edge_app.setup import checks
from edge_app.setup.checks import Check
from edge_app.setup.stored import Stored


class Answers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field a question; None leaves what the settings say. Passwords are never shown."""

    purpose: str
    device: str | None = None
    camera: str | None = None
    camera_password: str | None = None
    broker: str | None = None
    broker_user: str | None = None
    broker_password: str | None = None
    privacy: PrivacyMode | None = None

    def __repr__(self) -> str:
        """Nothing: there are passwords in it."""
        return "Answers(...)"


class WrongAnswersError(UsageError):
    """Mistakes, one line each."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


#: Answer → what is wrong with one that stands for itself.
_CHECKS: dict[str, Check] = {
    "purpose": checks.purpose,
    "device": checks.device,
    "camera": functools.partial(checks.camera, advice="give it as camera_password"),
    "camera_password": checks.password,
    "broker": functools.partial(checks.broker, advice="give it as broker_password"),
    "broker_user": checks.user,
    "broker_password": checks.password,
    "privacy": checks.privacy,
}


def read_answers(text: str, name: str, stored: Stored) -> Answers:
    """Read a TOML text of answers; `acknowledged = true` has to be among them.

    stored: the settings as they are; user and password are for the broker and camera there, unless
    another one is said.

    Raises:
        UsageError: it is no TOML.
        WrongAnswersError: all that is wrong with the answers.
    """
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # Its text may quote a password.
        raise UsageError(f"{name}: not TOML, {_position(error)}; docs/setup.md shows one") from None
    known = _known(said, stored)
    wrong = [f"{name}: {line}" for line in _mistakes(said, known)]
    if wrong:
        raise WrongAnswersError(wrong)
    del said["acknowledged"]
    return msgspec.convert(known | said, Answers)


def _known(said: Mapping[str, Any], stored: Stored) -> dict[str, str]:
    """The broker and camera that a user or password without one is for."""
    known = {}
    if not {"broker_user", "broker_password"}.isdisjoint(said):
        broker = stored.value("mqtt", "broker")
        known["broker"] = checks.without_user(broker) if said.get("broker_user") else broker
    if "camera_password" in said:
        known["camera"] = stored.value("camera", "source")
    return {answer: value for answer, value in known.items() if value}


def _mistakes(said: Mapping[str, Any], already: Mapping[str, str]) -> list[str]:
    """All of them, a line each; already: answers that settings give where `said` has none."""
    lines = []
    for answer, value in said.items():
        if answer == "acknowledged":
            continue
        check = _CHECKS.get(answer)
        if check is None:
            known = ", ".join((*_CHECKS, "acknowledged"))
            lines.append(f"{answer}: no such answer; there are {known}")
        elif not isinstance(value, str):
            lines.append(f'{answer}: write text in quotes, as in {answer} = "..."')
        elif (wrong := check(value)) is not None:
            lines.append(f"{answer}: {wrong}")
    if "purpose" not in said:
        lines.append("purpose: missing; say what Mien is used for")
    if said.get("acknowledged") is not True:
        lines.append(
            "acknowledged: write true, once you have read PRIVACY.md and answer for the purpose"
        )
    texts = {
        answer: value for answer, value in {**already, **said}.items() if isinstance(value, str)
    }
    return lines + [f"{answer}: {wrong}" for answer, wrong in checks.together(texts)]


def _position(error: tomllib.TOMLDecodeError) -> str:
    _, _, place = str(error).rpartition("(at ")
    return place.rstrip(")") or "somewhere"
