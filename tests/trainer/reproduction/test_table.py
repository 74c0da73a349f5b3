"""Results in the docs: each recipe has its row, and the page is what the results say."""

from dataclasses import replace
from pathlib import Path

import pytest

from trainer.reproduction import RECIPES
from trainer.reproduction.recipe import Published, ReproductionError, command_line
from trainer.reproduction.result import Accuracy, Machine, Result, read_results, write_result
from trainer.reproduction.table import RESULTS, page, published, table

ROOT = Path(__file__).parents[3]

RESULT = Result(
    name="kuchuk-a",
    published=Published(validation=0.63),
    validation=Accuracy(1000, 0.5512, 0.54),
    public_test=Accuracy(3589, 0.55, 0.55),
    private_test=Accuracy(3589, 0.5499, 0.53),
    training_faces=9000,
    epochs_run=60,
    epochs_planned=60,
    epoch_kept=60,
    stopped_early=False,
    parameters=1,
    macs=1,
    command="mien train reproduce kuchuk-a --data DIR",
    machine=Machine("A processor", 2, "device:CPU:0", "3.15.0", "tensorflow"),
    seconds=1234.4,
    data_sha256="0",
)


def row(text: str, source: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"| {source} |"))


def test_the_page_in_docs_is_what_the_results_say() -> None:
    said = page(read_results(ROOT / RESULTS))
    assert (ROOT / "docs/reproductions.md").read_text() == said, (
        "run python -m trainer.reproduction.table > docs/reproductions.md"
    )


def test_without_results_each_row_says_so() -> None:
    rows = table({}).splitlines()[2:]
    assert len(rows) == len(RECIPES)
    assert all("not run yet" in line for line in rows)
    assert "validation 66 %, test 63 %" in row(table({}), RECIPES["kuchuk-c-final"].source)


def test_a_result_fills_its_row() -> None:
    said = row(table({"kuchuk-a": RESULT}), "Kuchuk and Saatsazov, network A")
    assert "| validation 63 % | validation 55.1 % (54.0 %), PrivateTest 55.0 % (53.0 %) |" in said
    assert "full, 60 epochs; A processor, 2 cores, device:CPU:0," in said
    assert "Keras 3.15.0 on tensorflow, 1234 s" in said
    assert "`mien train reproduce kuchuk-a --data DIR`" in said


def test_a_run_cut_short_is_called_so() -> None:
    short = replace(RESULT, epochs_run=5)
    said = row(table({"kuchuk-a": short}), "Kuchuk and Saatsazov, network A")
    assert "cut short: validation" in said
    assert "CUT SHORT, 5 of 60 epochs" in said


def test_published_figures_in_words() -> None:
    assert published(Published(validation=0.63)) == "validation 63 %"
    assert published(Published(test=0.9281, data="CK+")) == "test 92.81 % (CK+)"
    assert published(Published(remark="failed")) == "failed"


def test_stored_results_come_back_and_foreign_files_are_refused(tmp_path: Path) -> None:
    write_result(RESULT, tmp_path / "kuchuk-a.json")
    assert read_results(tmp_path) == {"kuchuk-a": RESULT}
    (tmp_path / "kuchuk-b.json").write_bytes((tmp_path / "kuchuk-a.json").read_bytes())
    with pytest.raises(ReproductionError, match=r"kuchuk-b\.json: holds the result of kuchuk-a"):
        read_results(tmp_path)
    (tmp_path / "kuchuk-b.json").write_text("{}")
    with pytest.raises(ReproductionError, match=r"kuchuk-b\.json: not a reproduction's result"):
        read_results(tmp_path)


def test_a_command_names_the_backend_that_the_row_was_made_with() -> None:
    assert command_line("kuchuk-a") == "mien train reproduce kuchuk-a --data DIR"
    for name, result in read_results(ROOT / RESULTS).items():
        epochs = None if result.full else result.epochs_run
        assert result.command == command_line(name, epochs, result.machine.backend)
