"""A mailbox of one between two threads: the newest wins, or the sender waits."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class MailboxClosed(Exception):  # noqa: N818 - the end of a recording is no error
    """Nothing more will come."""


class Mailbox(Generic[T]):
    """Holds one item at most."""

    def __init__(self) -> None:
        # One condition for both sides: there is one sender and one receiver.
        self._changed = threading.Condition()
        self._items: list[T] = []
        self._is_closed = False
        self._error: Exception | None = None

    def put(self, item: T) -> bool:
        """Put `item` in the place of what lies there; False if the mailbox is closed."""
        with self._changed:
            if self._is_closed:
                return False
            self._items[:] = [item]
            self._changed.notify_all()
            return True

    def put_wait(self, item: T) -> bool:
        """Wait until the mailbox is empty and put `item` there; False if it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or not self._items)
            return self.put(item)

    def get(self, timeout_s: float) -> T | None:
        """Wait for an item and take it; None if none came in time.

        Raises:
            MailboxClosed: closed, and what lay there has been taken.
            Exception: instead, the one that the mailbox was closed with.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._items, timeout_s)
            if self._items:
                item = self._items.pop()
                self._changed.notify_all()
                return item
            if self._error is not None:
                raise self._error
            if self._is_closed:
                raise MailboxClosed
            return None

    def close(self, error: Exception | None = None) -> None:
        """End it and wake everybody; only the first call's `error` counts."""
        with self._changed:
            if not self._is_closed:
                self._is_closed, self._error = True, error
                self._changed.notify_all()
