"""A source that is yet to be opened → its newest frame, read by a thread that may be abandoned."""

from __future__ import annotations

import threading
from collections.abc import Callable

from edge_app.frames.mailbox import Mailbox, MailboxClosed
from edge_app.frames.source import Frame, FrameSource, SourceError

THREAD_NAME = "mien-source"
#: How long a driver may take to end what it does; then it is left behind.
_PATIENCE_S = 0.5


class Reader:
    """One opening of one source. The thread begins at once, opens, reads, and closes."""

    def __init__(self, open_source: Callable[[], FrameSource], name: str) -> None:
        self._open, self._name = open_source, name
        self._mailbox: Mailbox[Frame] = Mailbox()
        self._lock = threading.Lock()
        self._source: FrameSource | None = None
        self._is_stopped = False
        #: Whether there was nothing to read: opening said so in a SourceError, and ended.
        self.was_refused = False
        # A driver that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)
        self._thread.start()

    @property
    def has_ended(self) -> bool:
        """Whether the thread is gone, and with it all that it held."""
        return not self._thread.is_alive()

    @property
    def frames_damaged(self) -> int:
        """As the source counts them."""
        source = self._source
        return 0 if source is None else source.frames_damaged

    def want_every(self, interval_s: float) -> None:
        """Tell the source, if it is open, how far apart frames may be for now."""
        source = self._source
        if source is not None:
            source.want_every(interval_s)

    def take(self, timeout_s: float) -> Frame:
        """Wait for a frame that was not taken yet.

        Raises:
            SourceError: none came in time, or the source ended.
            Exception: what opening or reading raised.
        """
        try:
            frame = self._mailbox.get(timeout_s)
        except MailboxClosed:
            raise SourceError(f"{self._name}: the stream ended") from None
        if frame is None:
            raise SourceError(f"{self._name}: no frame for {timeout_s:g} s")
        return frame

    def stop(self) -> bool:
        """End the reading; False if the thread still hangs after a moment."""
        self._mailbox.close()
        with self._lock:
            self._is_stopped = True
            source = self._source
        if source is not None:
            source.close()
        return self.ends_within(_PATIENCE_S)

    def ends_within(self, timeout_s: float) -> bool:
        """Wait for the end of the thread; False if it still runs after the timeout."""
        self._thread.join(max(0.0, timeout_s))
        return self.has_ended

    def _run(self) -> None:
        failure: Exception | None = None
        frame: Frame | None = None
        try:
            with self._open() as source:
                with self._lock:
                    self._source = source
                    if self._is_stopped:
                        return
                while (frame := source.read()) is not None and self._mailbox.put(frame):
                    pass
        except Exception as error:  # noqa: BLE001 - raised again where frames are taken
            self.was_refused = self._source is None and isinstance(error, SourceError)
            failure = error
        finally:
            self._mailbox.close(failure)
            # An exception holds this frame, which would hold it in turn, with the last picture.
            failure = frame = None
