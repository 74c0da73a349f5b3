from __future__ import annotations

import subprocess
import sys
from pathlib import Path

#: Lines for a reader that does not read until the program says so on standard error.
SCRIPT = """
from edge_app.listen.printer import Printer
with Printer(encoding="ascii", most=3000) as printer:
    for number in range(2000):
        printer.show(f"{number} " + "x" * 1000)
    assert printer.dropped > 0
    # Of large ones no more than the last one too much.
    assert printer._put_in - printer._written <= 3000 + 1010
    import sys
    print(printer.dropped, file=sys.stderr, flush=True)
    printer.finish()
"""


def test_what_does_not_fit_is_dropped_and_counted() -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        dropped = int(process.stderr.readline())
        lines = process.stdout.read().splitlines()
        assert process.wait(10) == 0
    assert len(lines) + dropped == 2000
    assert [line.split()[0] for line in lines[:3]] == ["0", "1", "2"]


def test_what_was_read_makes_room() -> None:
    script = (
        "import time\n"
        "from edge_app.listen.printer import Printer\n"
        "with Printer(encoding='ascii', most=99) as printer:\n"
        "    for number in range(20):\n"
        "        printer.show('x' * 90)\n"
        "        end_s = time.monotonic() + 10\n"
        "        while printer._written < printer._put_in and time.monotonic() < end_s:\n"
        "            time.sleep(0.001)\n"
        "    assert printer.dropped == 0\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, check=True
    )
    assert len(done.stdout.splitlines()) == 20


def test_a_character_that_the_terminal_lacks() -> None:
    script = (
        "from edge_app.listen.printer import Printer\n"
        "with Printer(encoding='ascii', most=99) as printer:\n"
        "    printer.show('a → b')\n"
        "    printer.finish()\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, check=True
    )
    assert done.stdout == b"a ? b\n"


def test_an_output_that_is_full_is_no_reader_that_left() -> None:
    script = (
        "from edge_app.listen.printer import Printer\n"
        "with Printer(encoding='ascii', most=99) as printer:\n"
        "    printer.show('lost')\n"
        "    try:\n"
        "        printer.finish()\n"
        "    except OSError as error:\n"
        "        raise SystemExit(f'{type(error).__name__}: {error.strerror}')\n"
    )
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script],
            check=False, stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "OSError: No space left on device\n")
