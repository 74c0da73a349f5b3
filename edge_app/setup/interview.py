"""A person at a terminal → their answers, the privacy notice read and acknowledged."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from edge_app.errors import MienError
from edge_app.frames.stream_address import public_name
from edge_app.mqtt.address import BrokerAddress, parse_broker
from edge_app.settings import Settings
from edge_app.setup import checks
from edge_app.setup.answers import Answers
from edge_app.setup.cameras import FoundCamera
from edge_app.setup.notice import NOTICE, PURPOSES
from edge_app.setup.stored import Stored
from edge_app.setup.terminal import Terminal

_OWN_WORDS = "something else, in your own words"

_CAMERA = functools.partial(checks.camera, advice="answer the question for it that follows")
_BROKER = functools.partial(checks.broker, advice="answer the question for it that follows")


class NotAcknowledgedError(MienError):
    """Whoever was asked did not acknowledge the notice."""


class Interview:
    """Asks everything, in order. cameras: what was found. stored: what Enter keeps."""

    def __init__(
        self, terminal: Terminal, *, stored: Stored, cameras: Sequence[FoundCamera]
    ) -> None:
        self._terminal, self._stored, self._cameras = terminal, stored, cameras

    def run(self) -> Answers:
        """Ask.

        Raises:
            NotAcknowledgedError: the notice was not acknowledged.
        """
        self._acknowledge()
        purpose = self._purpose()
        device = self._device()
        camera, camera_password = self._camera()
        broker, broker_user, broker_password = self._broker()
        modes = ("full", "aggregates")
        stored = self._stored.value("privacy", "mode")
        mode = self._terminal.choose(
            "\nWhat may leave this device?",
            (
                "every event, with emotion and place",
                "aggregates only: sums over five faces or more",
            ),
            default=modes.index(stored) if stored in modes else 0,
        )
        return Answers(
            purpose=purpose,
            device=device,
            camera=camera,
            camera_password=camera_password,
            broker=broker,
            broker_user=broker_user,
            broker_password=broker_password,
            privacy="aggregates" if mode else "full",
        )

    def _acknowledge(self) -> None:
        self._terminal.say(NOTICE)
        typed = self._terminal.ask(
            "Type yes if you have read this and answer for it",
            check=lambda typed: (
                None
                if typed.lower() in {"yes", "n", "no"}
                else "type yes as a whole word, or no to leave everything as it is"
            ),
        )
        if typed.lower() != "yes":
            raise NotAcknowledgedError("not acknowledged; nothing was written")

    def _purpose(self) -> str:
        stored = self._stored.value("privacy", "purpose")
        own = [stored] if stored and stored not in PURPOSES else []
        options = (*own, *PURPOSES)
        chosen = self._terminal.choose_or_say(
            "\nWhat is it used for?",
            (*options, _OWN_WORDS),
            other="your own words",
            check=checks.purpose,
            default=options.index(stored) if stored else None,
        )
        if isinstance(chosen, str):
            return chosen
        if chosen < len(options):
            return options[chosen]
        return self._terminal.ask("Your own words", check=checks.purpose)

    def _device(self) -> str | None:
        """None where the host's name is to go on naming it."""
        stored = self._stored.value("device", "name")
        default = stored or Settings().device_name
        self._terminal.say()
        name = self._terminal.ask(
            "Name of this device in topics and events", default=default, check=checks.device
        )
        return None if not stored and name == default else name

    def _camera(self) -> tuple[str, str | None]:
        terminal, stored = self._terminal, self._stored.value("camera", "source")
        found = [each.setting for each in self._cameras]
        texts = [f"{each.setting}  {each.text}" for each in self._cameras]
        if stored and stored not in found:
            found.append(stored)
            texts.append(f"{public_name(stored)}  as it is set now")
        others = (
            "another: a stream's address, a video file, a folder",
            "sample:  the clip of Mien",
        )
        default = found.index(stored) if stored in found and self._cameras else 0
        if not self._cameras:
            terminal.say("\nNo camera was found on this machine; plug one in, or name a source.")
        chosen = terminal.choose_or_say(
            "\nWhere do pictures come from?",
            (*texts, *others),
            other="an address, file or folder",
            check=_CAMERA,
            default=default,
        )
        if isinstance(chosen, str):
            source = chosen
        elif chosen < len(found):
            source = found[chosen]
        elif chosen == len(found):
            source = terminal.ask("Address, file or folder", check=_CAMERA)
        else:
            source = "sample:"
        if not checks.camera_user(source):
            return source, None
        is_known = self._stored.keeps_camera_password(source)
        return source, self._password("camera", is_known=is_known)

    def _broker(self) -> tuple[str, str | None, str | None]:
        terminal, stored = self._terminal, self._stored.value("mqtt", "broker")
        terminal.say("\nWhere do events go? HOST, HOST:PORT, or mqtts://HOST for TLS.")
        broker = terminal.ask("Broker", default=stored or "localhost", check=_BROKER)
        address = parse_broker(broker)
        if not isinstance(address, BrokerAddress):
            return broker, None, None
        typed = None
        if address.username is None:
            typed = terminal.ask("User there (Enter: none)", check=checks.user) or None
        if address.username is None and typed is None:
            return broker, None, None
        is_known = self._stored.keeps_broker_password(checks.with_user(broker, typed))
        return broker, typed, self._password("broker", is_known=is_known)

    def _password(self, whose: str, *, is_known: bool) -> str | None:
        enter = "as it is" if is_known else "none"
        return self._terminal.secret(
            f"Password of the {whose} (not shown; Enter: {enter})", check=checks.password
        )
