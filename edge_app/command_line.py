"""The words of the command line → the command that they name, run, and its exit code."""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib
import io
import logging
import os
import sys
import threading
from collections.abc import Sequence
from importlib import metadata
from typing import NoReturn

from edge_app.errors import MienError, UsageError
from edge_app.extras import how_to_add
from edge_app.terminal_lines import printable
from edge_app.version import mien_version

#: Name → module with `add_arguments(parser)` and `run(arguments) -> exit code`, and what it does.
COMMANDS = {
    "run": ("edge_app.daemon.command", "read faces from a camera or recording and publish events"),
    "analyze": ("edge_app.analyze.command", "read photos and videos into tables and pictures"),
    "events": ("edge_app.listen.command", "print the events of a broker"),
    "report": ("edge_app.history.command", "make a page of what mien events --store recorded"),
    "home-assistant": ("edge_app.mqtt.removal", "remove a device from Home Assistant"),
    "setup": ("edge_app.setup.command", "ask for purpose, camera and broker, and write settings"),
    "doctor": ("edge_app.doctor.command", "check camera, models, broker, disk and the rest"),
    "demo": ("edge_app.demo", "run on the sample clip and show the events that arrive"),
}

#: Where other packages of the distribution offer their commands; the device has none of them.
ENTRY_POINTS = "mien.commands"
_OFFERED = {
    "bench": "measure this device",
    "train": "train and evaluate emotion networks, on a workstation",
    "quantize": "make and sign int8 models, on a workstation",
}

#: What a stream fails with that is full, gone or not open for writing. It names no file.
_STREAM_FAULTS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
_STANDARD_ERROR = 2

#: OpenCV reads it once, when it is imported. Its own limit, 2^30, takes 6 GB of memory.
_MOST_PIXELS = ("OPENCV_IO_MAX_IMAGE_PIXELS", str(1 << 28))

#: How the names of our threads begin.
_OURS = "mien-"


class _Printable(logging.Formatter):
    """A line for a record, whatever stands in the names that it tells."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's
        return printable(super().formatMessage(record))


class _Parser(argparse.ArgumentParser):
    """Repeats wrong words, which may be files' names, without what is not printable."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def run_command(words: Sequence[str] | None = None) -> int:
    """Run one command; `words` are those behind the program's name.

    None takes the program's own, and then may end the process instead of returning.
    """
    is_program = words is None
    _fill_closed_streams()
    _show_what_can_be_shown()
    os.environ.setdefault(*_MOST_PIXELS)
    words = sys.argv[1:] if words is None else list(words)
    handler = logging.StreamHandler()
    handler.setFormatter(_Printable("mien: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    try:
        try:
            arguments = _parse(words)
        finally:
            # What --help printed: argparse does not look whether it arrived.
            sys.stdout.flush()
        code = _run(arguments)
        sys.stdout.flush()
    except UsageError as error:
        code = _fail(error, 2)
    except MienError as error:
        code = _fail(error, 1)
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        code = 0
    except OSError as error:
        if error.filename is not None or error.errno not in _STREAM_FAULTS:
            raise
        code = _fail(
            MienError(f"standard output: {error.strerror}; make room, or send it elsewhere"), 1
        )
    _leave_nothing_to_flush()
    if is_program:
        _end_beside_a_thread_that_is_left(code)
    return code


def _fill_closed_streams() -> None:
    """Let standard streams that are closed be empty, and swallow what they are given.

    Their numbers are taken, too: no file that is opened later gets one, and what is printed.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        pass
    os.close(number)
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)


def _show_what_can_be_shown() -> None:
    """Let a question mark stand for what a terminal without UTF-8 lacks, in argparse's --help too.

    Python itself does no less for standard error.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _leave_nothing_to_flush() -> None:
    """At the program's end Python would complain of what cannot be written."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end_beside_a_thread_that_is_left(code: int) -> None:
    """End the process here where a thread of ours was left to itself, in a driver that hangs.

    All is closed and flushed. Such a thread would come back to an interpreter that is being taken
    apart, and from within C++ that is SIGABRT or SIGSEGV.
    """
    if any(each.name.startswith(_OURS) for each in threading.enumerate()):
        with contextlib.suppress(OSError):
            sys.stderr.flush()
        os._exit(code)


def _parse(words: Sequence[str]) -> argparse.Namespace:
    commands = dict(COMMANDS)
    for point in metadata.entry_points(group=ENTRY_POINTS):
        commands[point.name] = (point.value, _OFFERED.get(point.name, ""))
    parser = _Parser(
        prog="mien", description="Reads facial expressions and publishes them as MQTT events."
    )
    parser.add_argument("--version", action="version", version=f"mien {mien_version()}")
    chosen = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    parsers = {name: chosen.add_parser(name, help=what) for name, (_, what) in commands.items()}
    # Only the command that was asked for is imported: the others' libraries may be missing.
    asked = next((word for word in words if word in commands), None)
    if asked is not None:
        module = importlib.import_module(commands[asked][0])
        module.add_arguments(parsers[asked])
        parsers[asked].description = module.__doc__
        parsers[asked].set_defaults(entry=module.run)
    return parser.parse_args(words)


def _run(arguments: argparse.Namespace) -> int:
    try:
        code: int = arguments.entry(arguments)
    except ModuleNotFoundError as error:
        if arguments.command in COMMANDS:
            raise
        raise MienError(
            f"mien {arguments.command} needs the package {error.name}; on a workstation,"
            f" {how_to_add(arguments.command)}"
        ) from error
    return code


def _fail(error: MienError, code: int) -> int:
    # Where nobody can be told, the exit code tells.
    with contextlib.suppress(OSError):
        sys.stderr.write(f"mien: {printable(str(error))}\n")
    return code
