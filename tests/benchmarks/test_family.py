from pathlib import Path

import numpy as np
import pytest

from benchmarks.family import Member, main, plot
from edge_app.perception.classifier import EmotionClassifier
from tests.trainer.synthetic import all_splits, write_mosaic
from trainer.data import Split
from trainer.evaluation import fer2013_agreement


def test_a_row_a_network_and_a_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    faces = all_splits(training=271, others=35)
    write_mosaic(faces, tmp_path)
    drawn = tmp_path / "family.svg"
    words = ["--data", str(tmp_path), "--plot", str(drawn), "--seconds", "0", "one=-", "two=-"]
    assert main(words) == 0
    rows = [row.split(" | ") for row in capsys.readouterr().out.splitlines()[2:]]
    assert [row[0] for row in rows] == ["| one", "| two"]
    public = faces.of(Split.PUBLIC_TEST)
    public = public.where(~public.not_a_face() & (public.labels < 7))
    right = fer2013_agreement(
        EmotionClassifier.load(answer="fer2013").predict(public.pixels), public
    )
    assert rows[0][4] == f"{right:.1%} |"
    assert float(rows[0][2]) > 0
    svg = drawn.read_text()
    assert svg.count(">one</text>") == svg.count(">two</text>") == 2


def test_a_network_stands_at_its_cost_and_its_accuracy_in_both_panels() -> None:
    members = [
        Member("small", 7_600_000, 0.05, default=0.60, label_head=0.61),
        Member("large", 38_500_000, 0.2, default=0.70, label_head=0.71),
    ]
    panels = [np.asarray(axes.collections[0].get_offsets()) for axes in plot(members).axes]
    assert panels[0].tolist() == [[7.6, 0.61], [38.5, 0.71]]
    assert panels[1].tolist() == [[0.05, 0.61], [0.2, 0.71]]
