"""An output folder → held alone, with what is in it, and a name for each copy to come."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from edge_app.analyze.earlier import RECORD, TABLES, Earlier, read_earlier
from edge_app.analyze.outputs import copy_suffix
from edge_app.errors import UsageError


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[Earlier]:
    """Make the output folder, or take an empty one or one of an earlier analysis.

    Gives what it held, and keeps other analyses out. A new folder in which nothing came to be goes.

    Raises:
        UsageError: it holds other things, which must not be overwritten, or another analysis writes
            to it, or it cannot be made or written to.
    """
    with contextlib.ExitStack() as open_things:
        try:
            is_new = not folder.exists()
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            open_things.callback(os.close, descriptor)
            _lock(descriptor, folder)
            earlier = read_earlier(folder, [path.name for path in folder.iterdir()])
            is_effective = os.access in os.supports_effective_ids
            if not os.access(folder, os.W_OK | os.X_OK, effective_ids=is_effective):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            raise UsageError(
                f"{folder}: {error.strerror}; name another folder with --output"
            ) from error
        try:
            yield earlier
        finally:
            if is_new:
                with contextlib.suppress(OSError):
                    folder.rmdir()


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UsageError(
            f"{folder}: another mien analyze writes to it; wait for it, or name another folder with"
            " --output"
        ) from error
    except OSError:
        # Some network file systems lock no folders; there it is as alone as its user sees to.
        return


class OutputNames:
    """Gives each input a file name of its own in the output folder.

    It is no input's one, and none of `foreign`: names in the folder that are not ours.
    """

    def __init__(self, folder: Path, inputs: Iterable[Path], foreign: Iterable[str] = ()) -> None:
        there = folder.resolve()
        files = (path.resolve() for path in inputs)
        self._taken = {path.name.casefold() for path in files if path.parent == there}
        self._taken.update((*TABLES, RECORD))
        self._taken.update(name.casefold() for name in foreign)

    def choose(self, path: Path) -> str:
        """Name the annotated copy of `path`: the same name, with a number if it is taken."""
        suffix = copy_suffix(path)
        number = 1
        while True:
            name = f"{path.stem}{f'-{number}' if number > 1 else ''}{suffix}"
            if name.casefold() not in self._taken:
                self._taken.add(name.casefold())
                return name
            number += 1
