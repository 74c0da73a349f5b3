from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edge_app.analyze.reading import Reading
from edge_app.perception.card import card_path, read_card
from edge_app.perception.model_folder import ModelFolder
from edge_app.perception.shipped import EMOTION, EMOTION_SMALL


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with the shipped classifier in it, whose card asks for more before it is sure."""
    shutil.copy(EMOTION, tmp_path)
    card = card_path(EMOTION).read_text()
    threshold = read_card(EMOTION).answers["default"].unsure_below  # type: ignore[union-attr]
    changed = card.replace(f'"unsure_below": {threshold}', '"unsure_below": 0.9')
    assert changed != card
    (tmp_path / card_path(EMOTION).name).write_text(changed)
    return tmp_path


def test_maker_names_models_and_options(own: Path) -> None:
    shipped = Reading(ModelFolder(), tiles=1, crops=False).maker
    assert shipped.models["emotion"] == read_card(EMOTION).sha256
    assert shipped.answer == "default"
    assert "happy" in shipped.labels
    other = Reading(ModelFolder(own, None), tiles=2, crops=True).maker
    # The network is the same one, and what is made of its answers is not.
    assert other.models == shipped.models
    assert other.cards != shipped.cards
    assert (other.tiles, other.crops) == (2, True)
    shutil.copy(EMOTION_SMALL, own / EMOTION.name)
    shutil.copy(card_path(EMOTION_SMALL), own / card_path(EMOTION).name)
    small = Reading(ModelFolder(own, None), tiles=1, crops=False).maker
    assert small.models["emotion"] == read_card(EMOTION_SMALL).sha256
