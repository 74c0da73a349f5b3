"""Values are changed; comments, order and all else stay."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from edge_app.errors import UsageError
from edge_app.setup.toml_text import changed

SHIPPED = (Path(__file__).parents[3] / "systemd/mien.toml").read_text(encoding="utf-8")
PURPOSE = ("privacy", "purpose")


@pytest.mark.parametrize(
    ("text", "changes", "new"),
    [
        ("", {PURPOSE: "x"}, '[privacy]\npurpose = "x"\n'),
        ("[a]\nb = 1", {PURPOSE: "x"}, '[a]\nb = 1\n\n[privacy]\npurpose = "x"\n'),
        ("[privacy]", {PURPOSE: "x"}, '[privacy]\npurpose = "x"\n'),
        (
            "[privacy]\n# why\npurpose='a#b'  # not this\nmode = \"full\"\n",
            {PURPOSE: 'say "x"'},
            '[privacy]\n# why\npurpose="say \\"x\\""  # not this\nmode = "full"\n',
        ),
        (
            "[privacy]\n# purpose = 'example'\nmode = \"full\"\n\n# next\n[summary]\n",
            {PURPOSE: "x", ("privacy", "mode"): "aggregates"},
            '[privacy]\npurpose = "x"\nmode = "aggregates"\n\n# next\n[summary]\n',
        ),
        (
            '[ privacy ] # p\nmode = "full" # m\n\n# next\n[mqtt]\nbroker = "a"\n',
            {PURPOSE: "x", ("mqtt", "broker"): "b"},
            '[ privacy ] # p\nmode = "full" # m\npurpose = "x"\n\n# next\n[mqtt]\nbroker = "b"\n',
        ),
    ],
)  # fmt: skip
def test_the_lines_are_changed(text: str, changes: dict[tuple[str, str], str], new: str) -> None:
    assert changed(text, changes) == new


def test_other_separators_of_lines_are_letters_to_toml() -> None:
    text = '# a\u2028b\r\n[privacy]\r\nmode = "full\u0085" # c\r\n'
    assert changed(text, {PURPOSE: "x"}) == text + 'purpose = "x"\n'


def test_every_comment_of_the_shipped_settings_stays_but_the_example() -> None:
    new = changed(SHIPPED, {PURPOSE: "x", ("camera", "source"): "sample:"})
    assert set(SHIPPED.splitlines()) - set(new.splitlines()) == {
        'source = "/dev/video0"',
        '#purpose = "own home, with the consent of those who live there"',
    }
    assert tomllib.loads(new)["privacy"] == {"purpose": "x", "mode": "full"}


@pytest.mark.parametrize(
    "text",
    [
        'privacy = {mode = "full"}\n',
        'privacy.mode = "full"\n',
        '["privacy"]\nmode = "full"\n',
        '[privacy]\n"purpose" = "old"\nmode = "full"\n',
        '[privacy]\nmode = "full"\npurpose = """\n[privacy]\nold"""\n',
    ],
)
def test_what_cannot_be_changed_by_lines_is_written_anew(text: str) -> None:
    more = "[camera]\nwidth = 320\nframes_per_second = 7.5\n[home_assistant]\ndiscovery = false\n"
    assert tomllib.loads(changed(text + more, {PURPOSE: "x"})) == {
        "privacy": {"mode": "full", "purpose": "x"},
        "camera": {"width": 320, "frames_per_second": 7.5},
        "home_assistant": {"discovery": False},
    }


@pytest.mark.parametrize("text", ["privacy = 3\n", "privacy.purpose.x = [1]\nmqtt.a.b = [1]\n"])
def test_what_are_no_settings_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"section|single value"):
        changed(text, {PURPOSE: "x"})
