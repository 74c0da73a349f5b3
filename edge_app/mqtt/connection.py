"""A broker's address → a connection that is made once and then kept, on a thread of its own."""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
import socket
import threading
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge_app.errors import MienError
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.availability import Availability
from edge_app.mqtt.backoff import Backoff
from edge_app.mqtt.credentials import Credentials
from edge_app.mqtt.link import Link, LinkError
from edge_app.mqtt.link_client import LARGEST_PACKET, LinkClient
from edge_app.trouble_log import TroubleLog

KEEP_ALIVE_S = 15

#: At start-up, from the beginning of the first attempt to its failure at the latest.
FIRST_CONNECTION_S = 5.0

#: How long a protocol version that never worked may leave us without an answer. It leaves time to
#: ask in the other one within `FIRST_CONNECTION_S`; twice as long after each attempt in vain.
FIRST_ANSWER_S = 3.5

#: How long 3.1.1 is spoken with a broker that left MQTT 5 unanswered, before it is asked once more.
ASK_AGAIN_S = 60.0

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

#: How long a broker keeps what was asked of a device that is away: `Connection` says why.
SESSION_S = 60

#: Refusals that may pass (MQTT 5, 3.4.2.1): implementation specific error, quota exceeded.
_FOR_NOW = {0x83, 0x97}

#: Refusals of one message for what it is: topic name invalid, payload format invalid. All others
#: (not authorized, unspecified error) lie with the broker, and whoever runs it may mend them.
_FOR_GOOD = {0x90, 0x99}

_VERSION_NAMES = {MQTTProtocolVersion.MQTTv5: "MQTT 5", MQTTProtocolVersion.MQTTv311: "MQTT 3.1.1"}

_LOG = logging.getLogger(__name__)


class BrokerError(MienError):
    """A broker that cannot be used: which one, what happened, and what to do."""


class Filter(NamedTuple):
    """What is to be heard: messages whose topic matches, with quality of service 1.

    keeps_retain: a message that was published to stay is seen as such at once, not only when the
    broker sends it again; with MQTT 5 only.
    """

    topic_filter: str
    keeps_retain: bool = False


class ConnectionHandler:
    """What a connection's owner does on it. The connection's thread calls every method."""

    @property
    def filters(self) -> Sequence[Filter]:
        """What the broker is asked for, in order, on each connection."""
        return ()

    def wants(self, topic: str) -> bool:
        """Whether it is to be heard: amqtt also sends what others asked for."""
        return any(mqtt.topic_matches_sub(each.topic_filter, topic) for each in self.filters)

    def connected(self, client: LinkClient) -> None:
        """A connection stands, the first or a later one; nothing is left of the one before."""

    def subscribed(self, topic_filter: str, *, is_accepted: bool) -> None:
        """The broker answered to one of the filters; the log has it where it refuses."""

    def proceed(self, client: LinkClient) -> None:
        """Something may have happened, `Connection.wake` for example: publish what waits."""

    def acknowledged(self, packet_id: int, *, is_accepted: bool) -> None:
        """The broker took a message of quality of service 1, or refuses it for good.

        One that it refuses for now ends the connection instead.
        """

    def refused_by_rules(self, packet_id: int) -> None:
        """The broker refuses a message by its rules, and would take it with other ones.

        Who does not tell this apart gives the message up.
        """
        self.acknowledged(packet_id, is_accepted=False)

    def topic_of(self, packet_id: int) -> str | None:
        """Where a message of this connection went; None: the handler does not say, or sent none."""
        del packet_id
        return None

    def unanswered_since(self) -> float | None:
        """When the oldest message was sent that waits for an answer, in monotonic seconds."""
        return None

    def received(self, message: mqtt.MQTTMessage) -> None:
        """A message came that is wanted."""

    def disconnected(self) -> None:
        """The connection is gone; what was not acknowledged may or may not have arrived."""


class Connection:
    """Keeps one connection to a broker: MQTT 5, or 3.1.1 where the broker knows no other.

    The first connection must succeed; from then on every lost one is made again, for ever. One on
    which the broker acknowledges nothing any more counts as lost.

    MQTT 5 says why a message is refused, so it is given up for good only where the broker says that
    it does not speak it. One that says nothing, or closes the connection, may just be starting: it
    is asked once more when nothing is under way.

    handler: what to do on the connection.
    client_id: unique at the broker; a second client of the same name throws out the first.
    availability: the topic that says `online` while the connection stands, and `offline`
    otherwise, by the last will if need be; None for clients that nobody waits for.
    credentials: read anew at each attempt, so that passwords and certificates can be changed.
    session_s: how long an MQTT 5 broker keeps this client's subscriptions, and the messages for
    them, once a connection is lost; 0: not at all. Short for the daemon: a request made while it
    was away for a moment is answered, one of last night is not carried out this morning. MQTT
    3.1.1 knows no end of a session, so there every session is clean; so is a process's first one,
    since a request that ended the process must not meet the next one.
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
        keep_alive_s: int = KEEP_ALIVE_S,
        backoff: Backoff | None = None,
    ) -> None:
        self._address = address
        self._handler = handler
        self._client_id = client_id
        self._availability = Availability(availability)
        self._credentials = credentials or Credentials()
        self._session_s = session_s
        self._keep_alive_s = keep_alive_s
        self._backoff = backoff or Backoff()
        self._versions = list(_VERSION_NAMES)
        self._worked: set[MQTTProtocolVersion] = set()
        self._first_answer_s = FIRST_ANSWER_S
        #: MQTT 5 was left unanswered before the connection that stands; and was asked for again.
        self._is_in_doubt = self._is_asked_again = False
        self._overload = ""
        self._was_brief = False
        #: Filters that the broker did not answer to on this connection, by packet id.
        self._asked: dict[int | None, str] = {}
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
                    **self._session(version),
                )
            except LinkError as error:
                is_unanswered = error.may_be_version and not has_worked
                if error.is_version or (is_unanswered and self._is_asked_again):
                    refused.add(version)
                if (error.is_version or is_unanswered) and version != self._versions[-1]:
                    continue
                if error.may_be_version and not self._worked:
                    self._first_answer_s = min(2 * self._first_answer_s, self._keep_alive_s)
                raise
            self._versions.sort(key=lambda each: each in refused)
            self._worked.add(version)
            self._is_in_doubt = version != self._versions[0]
            self._log.began(f"broker {self._address}: connected, {_VERSION_NAMES[version]}")
            return link
        raise AssertionError(self._versions)

    def _talk(self, link: Link) -> str:
        """Use the connection for as long as it stands; says why it ended, if nobody wanted it."""
        began = time.monotonic()
        self._overload = ""
        if self._was_brief:
            link.client.take_turns()
        try:
            self._availability.connected()
            self._availability.proceed(link.client)
            self._subscribe(link)
            self._handler.connected(link.client)
            if not self._first.done():
                self._first.set_result(None)
            while link.is_open and not self._overload and not self._ending.is_set():
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

    def _subscribe(self, link: Link) -> None:
        self._asked = {}
        for each in self._handler.filters:
            if link.is_mqtt_5:
                options = SubscribeOptions(qos=1, retainAsPublished=each.keeps_retain)
                _, packet_id = link.client.subscribe(each.topic_filter, options=options)
            else:
                _, packet_id = link.client.subscribe(each.topic_filter, qos=1)
            self._asked[packet_id] = each.topic_filter

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
        deadline = time.monotonic() + (0.0 if is_silent else FAREWELL_S)
        while link.is_open and self._availability.is_under_way and time.monotonic() < deadline:
            link.step(deadline - time.monotonic())
        if self._availability.is_under_way:
            return
        # Whoever stops in order comes back with a clean session: the broker need not keep this one.
        end = _session_expiry(PacketTypes.DISCONNECT, 0) if self._session_s else None
        link.disconnect(FAREWELL_S / 2, end if link.is_mqtt_5 else None)

    def _session(self, version: MQTTProtocolVersion) -> dict[str, Any]:
        if version != MQTTProtocolVersion.MQTTv5:
            return {}
        properties = _session_expiry(PacketTypes.CONNECT, self._session_s)
        # What is larger, the broker keeps to itself (MQTT 5, 3.1.2.11.4).
        properties.MaximumPacketSize = LARGEST_PACKET
        return {
            "clean_start": not (self._session_s and self._worked),
            "properties": properties,
        }

    def _make_client(self, version: MQTTProtocolVersion) -> LinkClient:
        client = LinkClient(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=version,
            transport="websockets" if self._address.has_websockets else "tcp",
            # Otherwise paho falls back to MQTT 3.1, inside of a callback.
            reconnect_on_failure=False,
        )
        self._availability.leave_will(client)
        login = self._credentials.login(self._address)
        if login is not None:
            client.username_pw_set(login.username, login.password)
        if self._address.has_websockets:
            # paho puts no brackets around an IPv6 address.
            origin = "https" if self._address.has_tls else "http"
            place = self._address.place
            client.ws_set_options(
                self._address.path, {"Host": place, "Origin": f"{origin}://{place}"}
            )
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _on_publish(
        self,
        _client: mqtt.Client,
        _userdata: object,
        packet_id: int,
        reason: ReasonCode,
        _properties: Properties,
    ) -> None:
        self._availability.acknowledged(packet_id)
        if reason.value in _FOR_NOW:
            # On the next connection it is offered again, in its place, after a while.
            self._overload = f"the broker takes no more for now: {str(reason).lower()}"
        elif reason.is_failure and reason.value not in _FOR_GOOD:
            self._handler.refused_by_rules(packet_id)
        else:
            self._handler.acknowledged(packet_id, is_accepted=not reason.is_failure)

    def _on_subscribe(
        self,
        _client: mqtt.Client,
        _userdata: object,
        packet_id: int,
        reasons: list[ReasonCode],
        _properties: Properties,
    ) -> None:
        topic_filter = self._asked.pop(packet_id, None)
        if topic_filter is None:
            return
        is_accepted = not any(reason.is_failure for reason in reasons)
        if not is_accepted:
            _LOG.warning(
                "broker %s: the subscription to %s is refused, and nothing that is said there is"
                " heard; check its access rules for this user",
                self._address,
                topic_filter,
            )
        self._handler.subscribed(topic_filter, is_accepted=is_accepted)

    def _on_message(
        self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage
    ) -> None:
        if self._handler.wants(message.topic):
            self._handler.received(message)

    def _close_sockets(self) -> None:
        self._wakes.close()
        self._waker.close()


def _session_expiry(packet_type: int, seconds: int) -> Properties:
    properties = Properties(packet_type)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = seconds
    return properties
