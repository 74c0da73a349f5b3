"""Messages that are no events → the connection: retained ones again each time, others until the
broker has them.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from edge_app.mqtt.link_client import LinkClient
from edge_app.mqtt.messages import SUMMARY, Message
from edge_app.mqtt.refusal import RETAINED_HOLD_S

#: How many unretained messages wait for a connection: of more, the oldest is forgotten.
CAPACITY = 256

#: How long the next message on a retained topic waits for the answer to the one before: a broker
#: that throttles may swallow an answer, and keep the connection.
LONGEST_ANSWER_S = 30.0

_REFUSED = "the broker refuses summaries, which are dropped; see the log"

_Key = str | int

#: Called with a number, and why so many are lost.
OnLoss = Callable[[int, str], None]


class Sent(NamedTuple):
    """A message that the broker is sent."""

    message: Message
    topic: str
    payload: bytes


class Sender:
    """Any thread may hand over; only the connection's thread sends.

    Of a retained topic one message is under way at a time, and then the newest: to a broker that
    answers slowly, what has been superseded is not sent.

    clock: monotonic seconds. on_loss: called with how many summaries are lost, and why.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, on_loss: OnLoss | None = None
    ) -> None:
        self._clock = clock
        self._on_loss = on_loss
        self._changed = threading.Condition()
        #: What is retained, by topic; and all that waits, in order, the rest of it by a number.
        self._kept: dict[_Key, Sent] = {}
        self._waiting: dict[_Key, Sent] = {}
        self._numbers = itertools.count()
        #: Retained topics that the broker refuses, and until when nothing is said there.
        self._held: dict[str, float] = {}
        #: Whether the connection's thread has some of it in hand, neither waiting nor under way.
        self._is_sending = False
        self._is_ending = False
        #: By packet id; and since when the broker owes an answer.
        self._under_way: dict[int, Sent] = {}
        #: When something was sent last on each retained topic.
        self._said_at: dict[str, float] = {}
        self._silent_since: float | None = None

    @property
    def under_way(self) -> int:
        """How many messages the broker has not answered."""
        with self._changed:
            return len(self._under_way)

    def hand_over(self, message: Message, topic: str, payload: bytes) -> None:
        """Have it sent: of a retained topic only the newest, and that on each connection."""
        said = Sent(message, topic, payload)
        with self._changed:
            if message.is_retained:
                self._kept[topic] = self._waiting[topic] = said
                return
            self._waiting[next(self._numbers)] = said
        # Not for an alert: whoever raises it would wait for itself, to be told of a loss.
        self._keep_to_capacity()

    def connected(self) -> None:
        """Say everything retained again: a broker without a disk forgets it."""
        with self._changed:
            self._waiting = {**self._kept, **self._waiting}

    def end(self) -> None:
        """From now on nothing is superseded: send what waits, whatever is under way."""
        with self._changed:
            self._is_ending = True

    def proceed(self, client: LinkClient, most: int) -> None:
        """Send what waits. most: how many messages may be under way at once."""
        with self._changed:
            now = self._clock()
            for topic in [topic for topic, until in self._held.items() if until <= now]:
                del self._held[topic]
                self._waiting[topic] = self._kept[topic]
            owed = set() if self._is_ending else self._owed(now)
            sayable = (key for key in self._sayable() if key not in owed)
            room = max(0, most - len(self._under_way))
            sending = [self._waiting.pop(key) for key in [*itertools.islice(sayable, room)]]
            self._is_sending = True
        sent, left_out = dict[int, Sent](), list[Sent]()
        for each in sending:
            if (packet_id := client.send(*each)) is None:
                left_out.append(each)
            else:
                sent[packet_id] = each
        with self._changed:
            if not self._under_way:
                self._silent_since = now
            self._said_at |= dict.fromkeys((each.topic for each in sent.values()), now)
            self._under_way |= sent
            self._is_sending = False
            self._changed.notify_all()
        self._tell_of_loss(left_out, _REFUSED)

    def unanswered_since(self) -> float | None:
        """Since when the broker has answered nothing, on the clock; None: it owes no answer.

        Anything that it answers counts, an event too: a broker that answers slowly answers.
        """
        with self._changed:
            return self._silent_since if self._under_way else None

    def acknowledged(self, packet_id: int, *, is_accepted: bool = True) -> Sent | None:
        """The broker has this message, or refuses it for good. None: an event, none of ours."""
        with self._changed:
            self._silent_since = self._clock()
            sent = self._under_way.pop(packet_id, None)
            self._changed.notify_all()
        if sent is not None and not is_accepted:
            self._tell_of_loss([sent], _REFUSED)
        return sent

    def refused(self, packet_id: int) -> Sent | None:
        """The broker's rules refuse this message; as `acknowledged`.

        A retained topic is said again after a while, and not on each new connection: the broker may
        throw out whom it refuses.
        """
        said = self.acknowledged(packet_id, is_accepted=False)
        if said is not None and said.message.is_retained:
            with self._changed:
                self._held[said.topic] = self._clock() + RETAINED_HOLD_S
        return said

    def disconnected(self) -> None:
        """What the broker did not acknowledge is sent again on the next connection."""
        with self._changed:
            again: dict[_Key, Sent] = {next(self._numbers): each for each in self._once_under_way()}
            self._waiting = {**again, **self._waiting}
            self._under_way = {}
            self._is_sending = False
        self._keep_to_capacity()

    def wait_until_sent(self, timeout_s: float) -> bool:
        """Wait until the broker has everything, retained messages aside; False: not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._is_something_left(), timeout_s)

    def _keep_to_capacity(self) -> None:
        with self._changed:
            once = [key for key in self._waiting if isinstance(key, int)]
            gone = [self._waiting.pop(key) for key in once[: max(0, len(once) - CAPACITY)]]
        self._tell_of_loss(gone, "too many summaries wait; the oldest are dropped")

    def _tell_of_loss(self, gone: list[Sent], why: str) -> None:
        """Tell of summaries: for a response nobody waits so long. The caller does not lock."""
        count = sum(each.message is SUMMARY for each in gone)
        if self._on_loss is not None and count:
            self._on_loss(count, why)

    def _is_something_left(self) -> bool:
        """Whether the broker does not have all of it. The caller locks."""
        return any(
            (next(self._sayable(), None) is not None, self._is_sending, self._once_under_way())
        )

    def _sayable(self) -> Iterator[_Key]:
        """What waits and may be said, by its key."""
        return (key for key in self._waiting if key not in self._held)

    def _owed(self, now: float) -> set[str]:
        """Retained topics on which an answer is waited for. The caller locks."""
        return {
            each.topic
            for each in self._under_way.values()
            if each.message.is_retained and now - self._said_at[each.topic] < LONGEST_ANSWER_S
        }

    def _once_under_way(self) -> list[Sent]:
        """What is not retained, and so is not said again anyway."""
        return [each for each in self._under_way.values() if not each.message.is_retained]
