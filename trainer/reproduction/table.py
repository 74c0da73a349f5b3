"""Results → the Markdown of docs/reproductions.md: published against reproduced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from trainer.reproduction import RECIPES, PaperRecipe
from trainer.reproduction.recipe import Published, command_line
from trainer.reproduction.result import Result, read_results

#: Where results of runs worth keeping live, as `<name>.json`.
RESULTS = Path("docs/reproductions")

HEAD = """\
<!-- Made by `python -m trainer.reproduction.table` from trainer/reproduction and the results in
docs/reproductions. -->
# Published networks, trained again

`mien train reproduce NAME` trains a published network by its paper's recipe and sets the published
accuracies against ours. `DIR` is the folder with FER2013, for the last row with CK+
(docs/training.md), which its makers give to researchers who ask and which was not here. A killed
run goes on where it was; `--epochs N` cuts a run short, and then every figure of it says so. The
run's `result.json`, copied to `docs/reproductions/NAME.json`, fills the row below.

Title and year of the papers are not known to us, and a search found none of them: what a paper did
and what came out is given as it came to us, so nobody can check the published column here. Network
C follows Gudi (2015, "Recognizing Semantic Features in Faces using Deep Learning",
arXiv:1512.00743), B Krizhevsky et al. (2012), the last one LeCun et al. (1998).

Accuracies are of seven classes on the data set's own labels. Validation is the recipe's own split;
in parentheses: without the faces whose picture, byte for byte, was trained on. The published splits
are not ours face by face, so a difference of a point means little. Seconds are by the clock: the
run of four blocks was held for most of them while other things were measured; an epoch takes 430.
"""


def page(results: Mapping[str, Result]) -> str:
    """The whole page; a test holds docs/reproductions.md to it."""
    return f"{HEAD}\n{table(results)}\n{chr(10).join(_open_choices())}\n"


def table(results: Mapping[str, Result]) -> str:
    """A row for each recipe, run or not; results by the recipe's name."""
    rows = [
        "| network | faces trained on + validated on | published | reproduced | run | command |",
        "|---|---|---|---|---|---|",
        *(_row(recipe, results.get(recipe.name)) for recipe in RECIPES.values()),
    ]
    return "\n".join(rows) + "\n"


def published(figures: Published) -> str:
    """The paper's figures in words."""
    data = "" if figures.data == "FER2013" else f" ({figures.data})"
    parts = [
        f"{split} {share:.4g} %{data}"
        for split, share in (
            ("validation", _percent(figures.validation)),
            ("test", _percent(figures.test)),
        )
        if share is not None
    ]
    return ", ".join(parts) or figures.remark


def _percent(share: float | None) -> float | None:
    return None if share is None else 100.0 * share


def _row(recipe: PaperRecipe, result: Result | None) -> str:
    if recipe.training is None or recipe.validation is None:
        faces = "Training + PublicTest"
    else:
        faces = f"{recipe.training:,} + {recipe.validation:,}"
    if result is None:
        outcome, extent = "not run yet", f"{recipe.epochs} epochs planned"
        command = f"`{command_line(recipe.name)}`"
    else:
        outcome, extent, command = _outcome(result), _extent(result), f"`{result.command}`"
    cells = (recipe.source, faces, published(recipe.published), outcome, extent, command)
    return f"| {' | '.join(cells)} |"


def _outcome(result: Result) -> str:
    figures = ", ".join(
        f"{split} {100 * figure.accuracy:.1f} % ({_share(figure.without_twins)})"
        for split, figure in (
            ("validation", result.validation),
            ("PrivateTest", result.private_test),
        )
    )
    return figures if result.full else f"cut short: {figures}"


def _share(share: float | None) -> str:
    return "none" if share is None else f"{100 * share:.1f} %"


def _extent(result: Result) -> str:
    machine = result.machine
    return (
        f"{result.extent}; {machine.processor}, {machine.cores} cores, {machine.device},"
        f" Keras {machine.keras} on {machine.backend}, {result.seconds:.0f} s"
    )


def _open_choices() -> Iterator[str]:
    yield "What a paper leaves open is chosen here: for the layers, in the network's docstring in"
    yield "`trainer/networks`; for the recipe:"
    yield ""
    for recipe in RECIPES.values():
        yield f"- `{recipe.name}`: {recipe.chosen}."


if __name__ == "__main__":
    print(page(read_results(RESULTS)), end="")  # noqa: T201 - this is the page
