"""`mien train reproduce` as typed."""

import argparse
from dataclasses import replace
from pathlib import Path

import pytest

from edge_app.errors import UsageError
from tests.trainer.synthetic import all_splits
from trainer.reproduction import RECIPES, command
from trainer.reproduction.recipe import ReproductionError


def typed(*words: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(words))


def test_the_list_has_each_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("--list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(RECIPES)
    assert "CK+" in lines[-1]
    assert "published: validation 66 %, test 63 %" in lines[5]


def test_a_run_prints_published_against_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = replace(
        RECIPES["kuchuk-c-final"], network="lenet", training=56, validation=28, batch=28
    )
    monkeypatch.setitem(RECIPES, small.name, small)
    monkeypatch.setattr(command, "read", lambda *_, **__: all_splits(training=112, others=14))
    run = tmp_path / "run"
    assert typed(small.name, "--data", "anywhere", "--run", str(run), "--epochs", "2") == 0
    said = capsys.readouterr().out
    assert "epoch 1/2 (cut short: the recipe has 60): loss " in said
    assert "CUT SHORT, 2 of 60 epochs" in said
    assert "validation       66.0% " in said
    assert "PrivateTest      63.0% " in said
    assert "says nothing about the paper" in said
    assert (run / "result.json").is_file()


def test_what_cannot_be_is_refused_before_any_data_is_read() -> None:
    with pytest.raises(UsageError, match="alexnet: name one of four-block"):
        typed("alexnet")
    with pytest.raises(UsageError, match="no name given"):
        typed()
    with pytest.raises(UsageError, match="--data"):
        typed("kuchuk-a")
    with pytest.raises(ReproductionError, match="epochs; the recipe has 20"):
        typed("three-block", "--epochs", "21")
