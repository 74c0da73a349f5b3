"""Questions to a person → answers, typed at a terminal."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from edge_app.setup.checks import Check
from edge_app.terminal_lines import write_lines


class Terminal:
    """Asks until an answer is right. Ctrl-C is a KeyboardInterrupt, Ctrl-D an EOFError.

    read: shows a prompt and returns a line; read_secret: likewise, without echo.
    """

    def __init__(
        self,
        *,
        output: TextIO | None = None,
        read: Callable[[str], str] = input,
        read_secret: Callable[[str], str] = getpass.getpass,
    ) -> None:
        self._output = sys.stdout if output is None else output
        self._read, self._read_secret = read, read_secret

    def say(self, text: str = "") -> None:
        """Write a line, with question marks for what the terminal cannot show."""
        write_lines(self._output, [text])

    def ask(self, question: str, *, default: str = "", check: Check) -> str:
        """A line; Enter takes the default."""
        shown = f"{question} [{default}]: " if default else f"{question}: "
        while True:
            answer = self._line(shown) or default
            wrong = check(answer)
            if wrong is None:
                return answer
            self.say(f"  {wrong}")

    def choose(self, question: str, options: Sequence[str], *, default: int | None = 0) -> int:
        """The index of one of the options; Enter takes the default, if there is one."""
        numbers = self._list(question, options)
        answer = self.ask(
            "Number",
            default="" if default is None else numbers[default],
            check=lambda typed: None if typed in numbers else _number(numbers),
        )
        return int(answer) - 1

    def choose_or_say(
        self,
        question: str,
        options: Sequence[str],
        *,
        other: str,
        check: Check,
        default: int | None = 0,
    ) -> int | str:
        """As `choose`, or what was typed in the place of a number. other: what that may be."""
        numbers = self._list(question, options)

        def wrong(typed: str) -> str | None:
            if typed.isdecimal():
                return None if typed in numbers else f"{_number(numbers)}, or {other}"
            return check(typed)

        answer = self.ask(
            f"Number, or {other}",
            default="" if default is None else numbers[default],
            check=wrong,
        )
        return int(answer) - 1 if answer in numbers else answer

    def confirm(self, question: str) -> bool:
        """Yes, unless said otherwise."""
        answer = self.ask(
            f"{question} yes or no",
            default="yes",
            check=lambda typed: (
                None if typed.lower() in {"y", "yes", "n", "no"} else "type yes or no"
            ),
        )
        return answer.lower().startswith("y")

    def secret(self, question: str, *, check: Check) -> str | None:
        """A line that is not shown; None for Enter."""
        while True:
            typed = self._read_secret(f"{question}: ")
            if not typed:
                return None
            wrong = check(typed)
            if wrong is None:
                return typed
            self.say(f"  {wrong}")

    def _list(self, question: str, options: Sequence[str]) -> list[str]:
        """Show the options; returns their numbers."""
        self.say(question)
        for number, option in enumerate(options, start=1):
            self.say(f"  {number}  {option}")
        return [str(number) for number in range(1, len(options) + 1)]

    def _line(self, prompt: str) -> str:
        while True:
            try:
                line = self._read(prompt).strip()
            except UnicodeDecodeError:
                line = "\udcff"
            if line.isprintable():
                return line
            self.say("  that cannot be read; type it again")


def _number(numbers: Sequence[str]) -> str:
    return f"a number from 1 to {len(numbers)}"
