"""Lines → the standard streams, at the pace of whoever reads them; nobody waits for that."""

from __future__ import annotations

import os
import queue
import threading

from edge_app.closing import Closing

_OUTPUT, _ERRORS = 1, 2
#: How long what was said last may take, once something else ends the program.
_LAST_WORDS_S = 0.5


class Printer(Closing):
    """Writes on a thread of its own: a reader that stands still holds up that thread only.

    most: bytes that may wait; further lines are dropped and counted.
    """

    def __init__(self, *, encoding: str, most: int) -> None:
        self._encoding, self._most = encoding, most
        self._lines: queue.SimpleQueue[tuple[int, bytes] | None] = queue.SimpleQueue()
        self._failure: OSError | None = None
        #: Bytes; each is written by one thread only.
        self._put_in = self._written = 0
        # It may be held up for ever: the program's end does not wait for it.
        self._thread = threading.Thread(target=self._write, name="printer", daemon=True)
        self._thread.start()
        #: Lines that were not shown.
        self.dropped = 0

    def show(self, line: str) -> None:
        """A line of standard output.

        Raises:
            BrokenPipeError: its reader left.
            OSError: it took no more, such as a file on a full disk.
        """
        if self._failure is not None:
            raise self._failure
        self._put(_OUTPUT, line)

    def say(self, line: str) -> None:
        """A line of standard error."""
        self._put(_ERRORS, line)

    def finish(self) -> None:
        """Wait until all is written.

        Raises:
            BrokenPipeError: the reader of standard output left.
            OSError: it took no more.
        """
        self._lines.put(None)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """End it; what was said last has half a second."""
        self._lines.put(None)
        self._thread.join(_LAST_WORDS_S)

    def _put(self, stream: int, line: str) -> None:
        if self._put_in - self._written >= self._most:
            self.dropped += 1
            return
        # A terminal without UTF-8 gets a question mark for an arrow.
        data = f"{line}\n".encode(self._encoding, "replace")
        self._put_in += len(data)
        self._lines.put((stream, data))

    def _write(self) -> None:
        while (each := self._lines.get()) is not None:
            stream, data = each
            size = len(data)
            try:
                while data:
                    # Not through Python's own stream: its lock would be held at the program's end.
                    data = data[os.write(stream, data) :]
            except OSError as error:
                if stream == _OUTPUT:
                    self._failure = error
            self._written += size
