from __future__ import annotations

import io

from edge_app.terminal_lines import write_lines


def test_a_terminal_without_utf_8_gets_question_marks() -> None:
    for encoding, shown in (("ascii", b"a ? b\nc\n"), ("utf-8", "a → b\nc\n".encode())):
        written = io.BytesIO()
        terminal = io.TextIOWrapper(written, encoding=encoding)
        write_lines(terminal, ["a → b", "c"])
        assert written.getvalue() == shown
