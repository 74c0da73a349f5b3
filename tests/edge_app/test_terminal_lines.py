from __future__ import annotations

import io

from edge_app.terminal_lines import printable, write_lines


def test_a_terminal_without_utf_8_gets_question_marks() -> None:
    for encoding, shown in (("ascii", b"a ? b\nc\n"), ("utf-8", "a → b\nc\n".encode())):
        written = io.BytesIO()
        terminal = io.TextIOWrapper(written, encoding=encoding)
        write_lines(terminal, ["a → b", "c"])
        assert written.getvalue() == shown


def test_what_steers_a_terminal_is_replaced_and_what_is_read_stays() -> None:
    assert printable("a\x1b[2J\x9b\r\n\udce9\u202eb") == "a\ufffd[2J" + "\ufffd" * 5 + "b"
    for text in ("größe → 笑", "at 3.04.05\u202fPM", "a\u00a0b\u3000c"):
        assert printable(text) == text
