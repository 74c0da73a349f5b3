from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge_app.perception.card import read_card
from edge_app.perception.shipped import FACE_160, FACE_320
from quantize.detector_report import Agreement, Quality
from quantize.errors import QuantizeError
from quantize.footprint import Footprint
from quantize.kept_layers import KeptLayer
from quantize.latency import Latency, OperationLatency
from quantize.parity import ClassifierParity, DetectorParity
from quantize.parity_page import noise_plot, write_page
from quantize.parity_report import ParityReport, lines, write_json
from quantize.signal_noise import LayerNoise

ROOT = Path(__file__).parents[2]
FOOTPRINT = Footprint(2000, 1000, 38_000_000, {"CONV_2D": 2}, 1, 0, Latency(3.0, 1.5))
LAYERS = [LayerNoise("conv_1", "CONV_2D", 40.0, 0.0), LayerNoise("conv_2", "CONV_2D", 21.5, 18.5)]
KEPT = [KeptLayer("conv_2", "CONV_2D", 21.5, loss=0.05, all_int8_loss=0.25, slowdown=1.1)]
OPERATIONS = [OperationLatency("CONV_2D", (1, 8, 8, 4), Latency(0.4, 0.1))]


def report(name: str, parity: ClassifierParity | DetectorParity) -> ParityReport:
    return ParityReport(name, "ab" * 32, parity, FOOTPRINT, LAYERS, KEPT, OPERATIONS)


@pytest.fixture
def reports() -> list[ParityReport]:
    quality = Quality(recall=0.95, mean_iou=0.76, extra=1, false_alarms=0)
    return [
        report("emotion", ClassifierParity(100, 0.665, 0.6625, 0.985, 0.001, 0.02, 0.015, 0.016)),
        report(
            "face_320",
            DetectorParity(9, 12, quality, quality, Agreement(11, 1.0, 0.976, 0.03), 0.002, 0.02),
        ),
    ]


def test_the_introduction_has_the_cards_agreement() -> None:
    introduction = (ROOT / "quantize/parity_introduction.md").read_text(encoding="utf-8")
    told = " and ".join(
        f"{read_card(model).figures['agreement']['mean_iou']:.4f} of {model.stem}"
        for model in (FACE_320, FACE_160)
    )
    assert told in " ".join(introduction.split())
    assert (ROOT / "docs/quantization.md").read_text(encoding="utf-8").startswith(introduction)


def test_the_page_has_every_figure(reports: list[ParityReport], tmp_path: Path) -> None:
    page = tmp_path / "docs" / "quantization.md"
    calibrations = [{"Model": "emotion", "Calibration": "min-max", "Lost": "+0.25 points lost"}]
    write_page(page, "# What int8 costs", reports, calibrations)
    text = page.read_text()
    assert text.startswith("# What int8 costs\n")
    for part in ("| emotion | 100 | 66.50% | 66.25% | 0.25 |", "| face_320 | 9 | 12 | 95.00% |",
                 "+0.25 points lost", "| conv_2 | CONV_2D | 21.5 | 0.05 | 0.25 | 1.10 | yes |",
                 "| CONV_2D | 8 x 8 x 4 | 0.400 | 0.100 | 4.00 |"):  # fmt: skip
        assert part in text
    for name in ("emotion", "face_320"):
        assert f"(quantization/{name}.svg)" in text
        assert "<svg" in (page.parent / "quantization" / f"{name}.svg").read_text()


def test_a_plot_is_the_same_bytes_for_the_same_figures(reports: list[ParityReport]) -> None:
    assert noise_plot(reports[0]) == noise_plot(reports[0])
    assert b"conv_2" in noise_plot(reports[0])


def test_json_holds_what_the_lines_say(reports: list[ParityReport], tmp_path: Path) -> None:
    write_json(tmp_path / "parity", reports)
    stored = json.loads((tmp_path / "parity" / "emotion.json").read_text())
    assert stored["points_lost"] == pytest.approx(0.25)
    assert stored["latency_ratio"] == 2.0
    assert stored["layers"][1]["signal_to_noise_db"] == 21.5
    said = "\n".join(lines(reports[0]))
    assert "+0.25 points lost" in said
    assert "worst layer: conv_2 (CONV_2D), 21.5 dB" in said
    assert "conv_2 in real numbers: 0.05 instead of 0.25 points lost, 1.10 times as long" in said


def test_a_folder_that_cannot_be_written_is_an_error(
    reports: list[ParityReport], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(QuantizeError, match="cannot be written"):
        write_json(tmp_path / "file" / "parity", reports)
