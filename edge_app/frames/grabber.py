"""A source → its frames in a mailbox, by a thread of its own."""

from __future__ import annotations

import logging
import threading

from edge_app.frames.mailbox import Mailbox
from edge_app.frames.source import Frame, FrameSource

_LOG = logging.getLogger(__name__)

THREAD_NAME = "mien-grabber"


class Grabber:
    """Reads until the recording ends, the source fails or `stop` is called; closes the source.

    The mailbox is closed, too: a failure reaches whoever takes frames from it. The source's
    `close` must bear being called while its `read` waits.
    """

    def __init__(
        self, source: FrameSource, mailbox: Mailbox[Frame], *, every_frame: bool = False
    ) -> None:
        """every_frame: wait until each frame was taken; otherwise the newest replaces it."""
        self._source, self._mailbox = source, mailbox
        self._put = mailbox.put_wait if every_frame else mailbox.put
        # A camera that hangs inside its driver must not keep the process from ending.
        self._thread = threading.Thread(target=self._grab, name=THREAD_NAME, daemon=True)

    @property
    def frames_damaged(self) -> int:
        """As the source counts them."""
        return self._source.frames_damaged

    @property
    def reopenings(self) -> int:
        """As the source counts them."""
        return self._source.reopenings

    def want_every(self, interval_s: float) -> None:
        """Tell the source how far apart frames may be for now."""
        self._source.want_every(interval_s)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self, timeout_s: float = 1.0) -> bool:
        """End the reading and wait for it: False if the source still hangs after the timeout."""
        self._mailbox.close()
        self._source.close()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        if self._thread.is_alive():
            _LOG.warning("%s: does not answer; left to itself", self._source.name)
        return not self._thread.is_alive()

    def _grab(self) -> None:
        failure: Exception | None = None
        try:
            while (frame := self._source.read()) is not None and self._put(frame):
                pass
        except Exception as error:  # noqa: BLE001 - raised again where the frames are taken
            failure = error
        finally:
            self._mailbox.close(failure)
            self._source.close()
