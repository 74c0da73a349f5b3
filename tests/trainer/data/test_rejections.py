from __future__ import annotations

from pathlib import Path

import pytest

from trainer.data.faces import DataError
from trainer.data.rejections import Reading, Rejections

GUESS = "; is it of another format?"


def refusal(*remedies: str) -> str:
    """What is said where as many rows, and no other, are left out, each with its remedy."""
    told: list[Reading] = []
    rejections = Rejections(Path("data"), rows=len(remedies))
    for number, remedy in enumerate(remedies):
        rejections.add(f"{number}.png", "too large", remedy)
    with pytest.raises(DataError) as caught:
        rejections.close(told.append)
    assert told == []
    return str(caught.value)


def test_rows_without_a_remedy_may_be_of_another_format() -> None:
    assert refusal("", "").endswith(GUESS)


def test_rows_whose_remedies_are_known_are_of_this_format() -> None:
    said = refusal("make it smaller", "make it smaller", "make it gray")
    assert said.endswith("; make it smaller; make it gray")


def test_one_remedy_is_not_that_of_the_other_rows() -> None:
    assert refusal("", "make it smaller", "").endswith(f"; make it smaller{GUESS}")
