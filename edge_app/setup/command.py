"""Questions at a terminal, or a file of answers → the settings of this device.

Without --settings, it sets up the installed service. docs/setup.md has a file of answers.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import edge_app.doctor.command
from edge_app.called import program
from edge_app.errors import MienError, UsageError
from edge_app.installation.unit import has_unit
from edge_app.setup.answers import Answers, WrongAnswersError, read_answers
from edge_app.setup.cameras import find_cameras
from edge_app.setup.interview import Interview
from edge_app.setup.outcome import Outcome, outcome_of
from edge_app.setup.places import Place, place_for
from edge_app.setup.stored import Stored
from edge_app.setup.terminal import Terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="write this file, not the service's"
    )
    parser.add_argument(
        "--from", dest="answers", metavar="FILE", help="TOML file of answers; - is standard input"
    )


def run(arguments: argparse.Namespace) -> int:
    """Ask, or read the answers; write the settings; offer to check the device.

    Raises:
        UsageError: there is no service, nobody to ask, or the settings cannot be read or written.
        MienError: the questions were not answered to their end, or a file cannot be written.
    """
    if arguments.settings is None and not has_unit():
        raise UsageError(
            "no service is installed here; name a file of your own, for example:"
            f" {program()} setup --settings mien.toml"
        )
    place = place_for(arguments.settings)
    if arguments.answers is None and not sys.stdin.isatty():
        raise UsageError("questions need a terminal; answer them in a file: mien setup --from FILE")
    place.must_be_writable()
    stored = Stored.read(place.settings)
    if arguments.answers is None:
        return _ask(place, stored)
    try:
        answers = _read(arguments.answers, stored)
    except WrongAnswersError as error:
        sys.stderr.writelines(f"mien: {line}\n" for line in error.lines)
        return 2
    terminal = Terminal()
    _write(outcome_of(answers, stored, place), place, terminal)
    terminal.say(_next(place))
    return 0


def _ask(place: Place, stored: Stored) -> int:
    terminal = Terminal()
    try:
        answers = Interview(terminal, stored=stored, cameras=find_cameras()).run()
        outcome = outcome_of(answers, stored, place)
        terminal.say()
        if not terminal.confirm(f"Write {place.settings}?"):
            raise MienError("nothing was written")
    except KeyboardInterrupt:
        sys.stderr.write("\nmien: interrupted; nothing was written\n")
        return 130
    except EOFError as error:
        terminal.say()
        raise MienError("the questions end before the last answer; nothing was written") from error
    _write(outcome, place, terminal)
    try:
        if terminal.confirm("Check this device now, with mien doctor?"):
            _doctor(place)
    except EOFError:
        terminal.say()
    terminal.say(_next(place))
    return 0


def _read(file: str, stored: Stored) -> Answers:
    try:
        # Editors on Windows write a byte order mark.
        if file == "-":
            return read_answers(sys.stdin.read().removeprefix("\ufeff"), "standard input", stored)
        return read_answers(Path(file).read_text(encoding="utf-8-sig"), file, stored)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}; name another file of answers") from error
    except UnicodeDecodeError:
        # Not chained: it carries the file's bytes.
        raise UsageError(f"{file}: not UTF-8 text; docs/setup.md shows a file of answers") from None


def _write(outcome: Outcome, place: Place, terminal: Terminal) -> None:
    for line in outcome.write(place):
        terminal.say(line)


def _next(place: Place) -> str:
    command = "sudo systemctl restart mien" if place.has_credentials else None
    return f"Next: {command or f'{program()} run --settings {place.settings}'}"


def _doctor(place: Place) -> None:
    """As the service would see things, as far as this user may."""
    parser = argparse.ArgumentParser()
    edge_app.doctor.command.add_arguments(parser)
    edge_app.doctor.command.run(parser.parse_args(["--settings", str(place.settings)]))
