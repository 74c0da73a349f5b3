"""The record of counted instructions belongs to what ships; `make test-device` makes it."""

from pathlib import Path

import msgspec
import pytest

from edge_app.perception.card import read_card
from edge_app.perception.shipped import MODELS
from tests.device.emulation import CORES, REPOSITORY
from tests.device.instruction_record import (
    Count,
    Record,
    grown,
    litert_version,
    page,
    read_record,
)
from tests.device.instructions import FRAMES, PAGE, RECORD

ADVICE = "run `make test-device` and commit its record"


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
@pytest.mark.parametrize("core", CORES)
def test_each_shipped_model_was_counted(model: Path, core: str) -> None:
    counted = {
        each.sha256
        for each in read_record(RECORD).counts
        if (each.what, each.kind, each.core) == (model.stem, "int8", core)
    }
    assert counted == {read_card(model).sha256}, ADVICE


def test_the_runtime_is_the_locked_one() -> None:
    assert read_record(RECORD).litert == litert_version(), ADVICE


def test_the_page_is_the_records() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(read_record(RECORD), FRAMES)


def test_the_device_guide_has_the_records_figures() -> None:
    counted = {
        each.what: each.instructions / 1e6
        for each in read_record(RECORD).counts
        if (each.kind, each.core) == ("int8", "cortex-a53")
    }
    guide = (REPOSITORY / "docs/device.md").read_text(encoding="utf-8")
    small, full = counted["emotion_small"], counted["emotion"]
    assert f"{small:.1f} M instead of {full:.1f} M a face on a Cortex-A53" in guide


def test_growth_of_more_than_two_per_cent_is_named() -> None:
    def record(emotion: int, frame: int) -> Record:
        counts = (
            Count("emotion", "int8", "cortex-a72", "", emotion),
            Count("emotion", "float", "cortex-a72", "", 10 * emotion),
            Count("frame", "int8", "cortex-a72", "", frame),
        )
        return Record("2.3.0", counts)

    assert grown(record(1_000_000, 100), record(1_019_000, 90)) == []
    assert grown(record(1_000_000, 100), record(1_030_000, 103)) == [
        "emotion on cortex-a72: 1.03 M instructions, +3.0% over the record's 1.00 M",
        "frame on cortex-a72: 0.00 M instructions, +3.0% over the record's 0.00 M",
    ]


def test_outside_of_the_models_is_what_their_invocations_leave() -> None:
    counts = (
        Count("face_320", "int8", "cortex-a72", "a", 600),
        Count("emotion", "int8", "cortex-a72", "b", 200),
        Count("frame", "int8", "cortex-a72", "", 1000, {"face_320": 1.0, "emotion": 0.5}),
    )
    assert Record("2.3.0", counts).outside_share("frame", "cortex-a72") == pytest.approx(0.3)


def test_a_record_comes_back_as_it_was_written() -> None:
    record = read_record(RECORD)
    assert msgspec.json.decode(record.json(), type=Record) == record
    assert (REPOSITORY / "docs" / "instructions.md") == PAGE
