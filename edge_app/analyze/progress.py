"""Files that are done → a progress bar on a terminal, or a line a file elsewhere."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping
from typing import Any, TextIO

from tqdm import tqdm

from edge_app.analyze.analysis import Analysis
from edge_app.closing import Closing
from edge_app.terminal_lines import printable


class Progress(Closing):
    """Tells on `output` how far the analysis is; leaving its `with` block ends the bars."""

    def __init__(self, files: int, output: TextIO) -> None:
        self._output = output
        self._is_terminal = output.isatty()
        self._open_things = contextlib.ExitStack()
        self._files = self._bar(total=files, unit="file")
        self._frames: Any = None

    def on_frame(self, done: int, total: int) -> None:
        """Show a second bar while a video is read; total: 0 if it is not known."""
        if self._frames is None:
            self._frames = self._bar(total=total or None, unit="frame", leave=False)
        self._frames.update(done - self._frames.n)

    def done(self, analysis: Analysis) -> None:
        """Go on to the next file."""
        self._next()
        if not self._is_terminal:
            self.say(f"{analysis.file}: {describe(analysis.emotions, analysis.frames)}")

    def skip(self, files: int) -> None:
        """Pass over files that an analysis before this one has done."""
        self._files.update(files)

    def fail(self, error: Exception) -> None:
        """Go on to the next file, this one being bad."""
        self._next()
        self.say(str(error))

    def say(self, text: str) -> None:
        """Write a line above the bars."""
        tqdm.write(f"mien: {printable(text)}", file=self._output)
        self._output.flush()

    def close(self) -> None:
        """Take the bars away."""
        self._open_things.close()

    def _bar(self, **options: Any) -> Any:
        bar = tqdm(file=self._output, disable=not self._is_terminal, **options)
        return self._open_things.enter_context(contextlib.closing(bar))

    def _next(self) -> None:
        if self._frames is not None:
            self._frames.close()
            self._frames = None
        self._files.update()


def describe(shown: Mapping[str, int], frames: int) -> str:
    """Write counts as `3 faces in 2 frames: happy 2, sad 1`, the most frequent first."""
    faces = sum(shown.values())
    where = f" in {frames} frames" if frames > 1 else ""
    each = ", ".join(f"{name} {n}" for name, n in Counter(shown).most_common())
    return f"{faces} face{'s' * (faces != 1)}{where}{': ' if each else ''}{each}"
