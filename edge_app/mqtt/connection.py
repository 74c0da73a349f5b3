"""A broker's address → a connection that is made once and then kept, on a thread of its own."""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import logging
import socket
import threading
import time

from paho.mqtt.enums import MQTTProtocolVersion

from edge_app.errors import MienError
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.availability import Availability
from edge_app.mqtt.backoff import Backoff
from edge_app.mqtt.credentials import Credentials
from edge_app.mqtt.handler import ConnectionHandler
from edge_app.mqtt.identity import Identity
from edge_app.mqtt.link import Link, LinkError
from edge_app.mqtt.link_client import LinkClient
from edge_app.mqtt.packet_sizes import PacketSizes
from edge_app.mqtt.subscriptions import Subscriptions
from edge_app.trouble_log import TroubleLog

KEEP_ALIVE_S = 15

#: At start-up, from the beginning of the first attempt to its failure at the latest.
FIRST_CONNECTION_S = 5.0

#: How long a protocol version that never worked may leave us without an answer. It leaves time to
#: ask in the other one within `FIRST_CONNECTION_S`; twice as long after each attempt in vain.
FIRST_ANSWER_S = 3.5

#: How long 3.1.1 is spoken with a broker that left MQTT 5 unanswered, before it is asked once more.
ASK_AGAIN_S = 60.0

#: How long a protocol version that worked may be left unanswered before the other is asked, too: by
#: then the broker does not just start, and another may have taken its place.
FORGET_S = 600.0

#: A message that is not acknowledged for so many keep-alive periods never will be: a broker that
#: throttles may keep the connection and swallow its answers.
ANSWER_PERIODS = 2

#: A connection that ends so soon may have been ended for a message on it. Where many are under way
#: the broker's refusal is lost, since we write on into what it has closed.
BRIEF_S = 5.0

#: How often whoever waits for the first connection sees whether to stop.
STOP_CHECK_S = 0.25

#: How long to wait for the broker to take the farewell, and half of that for the end. One that has
#: owed an answer for as long is not waited for.
FAREWELL_S = 0.5

#: Reason codes from here on are refusals (MQTT 5, 2.4).
_FAILURES = 0x80

#: Refusals that may pass (MQTT 5, 3.4.2.1).
_FOR_NOW = {0x83: "implementation specific error", 0x97: "quota exceeded"}

#: "Packet too large": not among those of 3.4.2.1, but what Mosquitto says of a message that is
#: larger than its `message_size_limit`.
_TOO_LARGE = 0x95

#: Refusals of one message for what it is: topic name invalid, payload format invalid. All others
#: (not authorized, unspecified error) lie with the broker, and whoever runs it may mend them.
_FOR_GOOD = {0x90, 0x99}

_VERSION_NAMES = {MQTTProtocolVersion.MQTTv5: "MQTT 5", MQTTProtocolVersion.MQTTv311: "MQTT 3.1.1"}

_LOG = logging.getLogger(__name__)


class BrokerError(MienError):
    """A broker that cannot be used: which one, what happened, and what to do."""


class Connection:
    """Keeps one connection to a broker: MQTT 5, or 3.1.1 where the broker knows no other.

    The first connection must succeed; from then on every lost one is made again, for ever. One on
    which the broker acknowledges nothing any more counts as lost.

    MQTT 5 says why a message is refused, so it is given up for good only where the broker says that
    it does not speak it. One that says nothing, or closes the connection, may just be starting: it
    is asked once more when nothing is under way.

    handler: what to do on the connection.
    availability: the topic that says `online` while the connection stands, and `offline`
    otherwise, by the last will if need be; None for clients that nobody waits for.
    client_id, credentials, session_s, outlives_process, most_unanswered: as `Identity` has them.
    """

    def __init__(
        self,
        address: BrokerAddress,
        handler: ConnectionHandler,
        *,
        client_id: str,
        availability: str | None = None,
        credentials: Credentials | None = None,
        session_s: int = 0,
        outlives_process: bool = False,
        most_unanswered: int | None = None,
        keep_alive_s: int = KEEP_ALIVE_S,
        backoff: Backoff | None = None,
    ) -> None:
        self._address = address
        self._handler = handler
        self._availability = Availability(availability)
        self._credentials = credentials or Credentials()
        self._identity = Identity(
            client_id, self._credentials, session_s, outlives_process, most_unanswered
        )
        self._keep_alive_s = keep_alive_s
        self._backoff = backoff or Backoff()
        self._versions = list(_VERSION_NAMES)
        self._worked: set[MQTTProtocolVersion] = set()
        self._first_answer_s = FIRST_ANSWER_S
        #: MQTT 5 was left unanswered before the connection that stands; and was asked for again.
        self._is_in_doubt = self._is_asked_again = False
        #: Since when a version that worked is left unanswered.
        self._unanswered_since: float | None = None
        self._overload = ""
        self._was_brief = False
        self._sizes = PacketSizes()
        self._subscriptions = Subscriptions(address, handler)
        self._log = TroubleLog(lasting_s=keep_alive_s)
        self._must_succeed = True
        self._first: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._ending = threading.Event()
        self._wakes, self._waker = socket.socketpair()
        self._wakes.settimeout(0)
        self._waker.settimeout(0)
        # A daemon thread, since only a name server or a TCP handshake can hold it past `close`.
        self._thread = threading.Thread(target=self._run, name="mien-mqtt", daemon=True)

    def start(
        self,
        timeout_s: float = FIRST_CONNECTION_S,
        *,
        must_succeed: bool = True,
        stop: threading.Event | None = None,
    ) -> None:
        """Make the first connection; once, and not after `close`.

        must_succeed: False goes on trying as after a lost connection, and says so in the log.
        stop: once it is set, nobody waits any longer.

        Raises:
            UsageError: the credentials cannot be read, do not fit, or fit no such address.
            BrokerError: no connection within `timeout_s`, or a refusal before that.
        """
        self._must_succeed = must_succeed
        try:
            self._credentials.login(self._address)
            self._credentials.context(self._address)
            self._credentials.warn_about_modes()
            self._thread.start()
            self._wait_for_first(timeout_s, stop or threading.Event())
        except TimeoutError as error:
            if not must_succeed:
                return
            self.close()
            raise BrokerError(
                f"broker {self._address}: no answer within {timeout_s:g} s;"
                " check the address, the network and the firewall"
            ) from error
        except MienError:
            self.close()
            raise

    def wake(self) -> None:
        """Have `ConnectionHandler.proceed` called soon; any thread may ask, and none waits."""
        # A full buffer wakes as well as one more byte, and after the end there is none to wake.
        with contextlib.suppress(OSError):
            self._waker.send(b"\0")

    def close(self) -> None:
        """Say `offline`, disconnect and end the thread: at most a second. Again: does nothing."""
        self._ending.set()
        self.wake()
        if self._thread.ident is None:
            self._close_sockets()
        else:
            self._thread.join(2 * FAREWELL_S)

    def _wait_for_first(self, timeout_s: float, stop: threading.Event) -> None:
        """Raise what the first attempt raised, or TimeoutError where it takes longer."""
        deadline = time.monotonic() + timeout_s
        # A signal only sets `stop`: it does not end a wait.
        while not (stop.is_set() or self._first.done()) and time.monotonic() < deadline:
            left_s = deadline - time.monotonic()
            concurrent.futures.wait([self._first], max(0.0, min(left_s, STOP_CHECK_S)))
        if not stop.is_set():
            self._first.result(0)

    def _run(self) -> None:
        while not self._ending.is_set():
            unexpected: Exception | None = None
            try:
                trouble = self._talk(self._open())
            except (LinkError, MienError) as error:
                if not self._first.done():
                    if self._must_succeed:
                        self._first.set_exception(BrokerError(f"broker {self._address}: {error}"))
                        break
                    self._first.set_result(None)  # whoever waits in `start` has waited enough
                trouble = str(error)
            except Exception as error:  # noqa: BLE001 - whatever a broker sends, come back
                trouble, unexpected = type(error).__name__, error
            if self._ending.is_set():
                if unexpected is not None:
                    _LOG.warning("broker %s: failed at the end", self._address, exc_info=unexpected)
                break
            if not trouble:
                continue
            delay_s = self._backoff.next_delay_s()
            self._log.broke(f"broker {self._address}: {trouble}", unexpected)
            self._ending.wait(delay_s)
        self._close_sockets()

    def _open(self) -> Link:
        """Connect with MQTT 5 unless the broker refused it, else with the other version."""
        context = self._credentials.context(self._address)
        refused: set[MQTTProtocolVersion] = set()
        for version in tuple(self._versions):
            link = Link(self._make_client(version), self._wakes)
            has_worked = version in self._worked
            try:
                link.open(
                    self._address,
                    tls=context,
                    keep_alive_s=self._keep_alive_s,
                    timeout_s=self._keep_alive_s if has_worked else self._first_answer_s,
                    ending=self._ending,
                    **self._identity.session(version, is_first=not self._worked),
                )
            except LinkError as error:
                is_unanswered = error.may_be_version and not has_worked
                if error.is_version or (is_unanswered and self._is_asked_again):
                    refused.add(version)
                if (error.is_version or is_unanswered) and version != self._versions[-1]:
                    continue
                if error.may_be_version and has_worked:
                    self._forget_in_time(version)
                elif error.may_be_version and not self._worked:
                    self._first_answer_s = min(2 * self._first_answer_s, self._keep_alive_s)
                raise
            self._versions.sort(key=lambda each: each in refused)
            self._worked.add(version)
            self._unanswered_since = None
            self._is_in_doubt = version != self._versions[0]
            self._log.began(f"broker {self._address}: connected, {_VERSION_NAMES[version]}")
            return link
        raise AssertionError(self._versions)

    def _forget_in_time(self, version: MQTTProtocolVersion) -> None:
        """Take back that it works, after a while without an answer."""
        now = time.monotonic()
        if self._unanswered_since is None:
            self._unanswered_since = now
        if now - self._unanswered_since >= FORGET_S:
            self._worked.remove(version)
            self._unanswered_since, self._is_asked_again = None, False

    def _talk(self, link: Link) -> str:
        """Use the connection for as long as it stands; says why it ended, if nobody wanted it."""
        began = time.monotonic()
        self._overload = ""
        if self._was_brief:
            link.client.take_turns()
        try:
            self._availability.connected()
            if self._was_brief:
                # Before anything is written into what the broker may close.
                self._availability.proceed(link.client)
                self._hear_availability(link, BRIEF_S)
            self._subscriptions.ask(link.client)
            # Before `online`: what the broker kept of an earlier process or connection is not so.
            self._handler.connected(link.client)
            if not self._first.done():
                self._first.set_result(None)
            while link.is_open and not self._overload and not self._ending.is_set():
                self._availability.proceed(link.client)
                self._handler.proceed(link.client)
                link.step(1.0)
                if self._was_brief and time.monotonic() - began >= BRIEF_S:
                    self._was_brief = False
                    link.client.end_turns()
                self._check_answers()
                if not self._overload:
                    self._log.stands()
                if self._is_to_ask_again(began):
                    # Without a good-bye: until the next one stands, the device is not there.
                    return ""
            if link.is_open and not self._overload:
                self._say_farewell(link)
        finally:
            link.abandon()
            # A broker that takes us in and throws us out again is not to be asked every second.
            if time.monotonic() - began > self._keep_alive_s:
                self._backoff.reset()
            self._was_brief = time.monotonic() - began < BRIEF_S
            self._handler.disconnected()
        return self._overload or link.end

    def _is_to_ask_again(self, began: float) -> bool:
        """Whether to give the connection up for one with MQTT 5, once, where it costs nothing."""
        if (
            not self._is_in_doubt
            or self._is_asked_again
            or time.monotonic() - began < ASK_AGAIN_S
            or self._handler.unanswered_since() is not None
        ):
            return False
        self._is_asked_again = True
        self._first_answer_s = self._keep_alive_s
        return True

    def _check_answers(self) -> None:
        since = self._handler.unanswered_since()
        if since is not None and time.monotonic() - since > ANSWER_PERIODS * self._keep_alive_s:
            # On the next connection all of it is offered again.
            self._overload = "the broker acknowledges no messages; check its limits and its log"

    def _say_farewell(self, link: Link) -> None:
        """Say `offline`, then good-bye.

        Where the broker does not take the first in time, leave without the second, which would have
        it keep the last will to itself: `online` would stay for ever.
        """
        since = self._handler.unanswered_since()
        is_silent = since is not None and time.monotonic() - since >= FAREWELL_S
        self._availability.say_offline(link.client)
        if not is_silent:
            self._hear_availability(link, FAREWELL_S)
        if self._availability.is_under_way:
            return
        link.disconnect(FAREWELL_S / 2, self._identity.end_of_session if link.is_mqtt_5 else None)

    def _hear_availability(self, link: Link, timeout_s: float) -> None:
        """Wait for the broker's answer to it; not for long where the connection is to end."""
        deadline = time.monotonic() + timeout_s
        while link.is_open and self._availability.is_under_way and time.monotonic() < deadline:
            link.step(deadline - time.monotonic())
            if self._ending.is_set():
                deadline = min(deadline, time.monotonic() + FAREWELL_S)

    def _make_client(self, version: MQTTProtocolVersion) -> LinkClient:
        client = self._identity.client(self._address, version)
        self._availability.leave_will(client)
        self._subscriptions.listen(client)
        client.sizes = self._sizes
        client.on_answer = functools.partial(self._answered, client)
        return client

    def _answered(self, client: LinkClient, packet_id: int, reason: int) -> None:
        is_accepted = reason < _FAILURES
        if reason in _FOR_NOW:
            # On the next connection it is offered again, in its place, after a while.
            self._overload = f"the broker takes no more for now: {_FOR_NOW[reason]}"
            return
        if self._availability.answered(packet_id, is_accepted=is_accepted):
            return
        if reason == _TOO_LARGE:
            client.too_large(packet_id)
            self._handler.too_large(packet_id)
        elif is_accepted or reason in _FOR_GOOD:
            self._handler.acknowledged(packet_id, is_accepted=is_accepted)
        else:
            self._handler.refused_by_rules(packet_id)

    def _close_sockets(self) -> None:
        self._wakes.close()
        self._waker.close()
