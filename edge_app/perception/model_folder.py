"""A folder of one's own models, beside Mien's → where each is loaded from, and on whose word."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from edge_app.perception.card import ModelCard, ModelError, read_model
from edge_app.perception.int8_model import Int8Model, read_trusted_card
from edge_app.perception.manifest import MANIFEST, verify_folder
from edge_app.perception.shipped import CLASSIFIERS, DETECTORS, MODELS, RELEASE_KEY

#: What a folder may hold; what it does not is loaded from Mien's own.
NAMES = tuple(path.name for path in MODELS)


@dataclass(frozen=True)
class ModelFolder:
    """Where models of one's own lie.

    path: None where there are only those that come with Mien. key: the public key (PEM) that the
    folder's manifest must be signed with; None: a card that fits is enough. named_by: the setting
    or option that names the folder, for messages.
    """

    path: Path | None = None
    key: Path | None = RELEASE_KEY
    named_by: str = "models.directory"

    def check(self) -> frozenset[str]:
        """Hold every file of the folder to its signature, once; returns the names of its models.

        Raises:
            ModelError: the folder cannot be read, holds no model or one that would not be used, or
                is not signed as it must be.
        """
        return self._names

    @cached_property
    def _names(self) -> frozenset[str]:
        # What is loaded is held to its signature once more, so that no file is changed in between.
        if self.path is None:
            return frozenset()
        try:
            there = {each.name for each in self.path.iterdir() if each.suffix == ".tflite"}
        except OSError as error:
            raise ModelError(
                f"{self.path}: {error.strerror}; name a folder of models in {self.named_by}"
            ) from error
        if self.key is not None:
            there |= _signed_models(self.path, self.key)
        if strange := sorted(there.difference(NAMES)):
            raise ModelError(
                f"{self.path / strange[0]}: not a name that Mien looks for; call a model"
                f" {', '.join(NAMES)}, with its card beside it"
            )
        if not there:
            raise ModelError(
                f"{self.path}: holds no model; put {', '.join(NAMES)} there, or some of them, or"
                f" leave {self.named_by} out"
            )
        return frozenset(there)

    def locate(self, shipped: Path) -> Path:
        """The model that is used instead of a shipped one: the folder's, if it has one so called.

        Raises:
            ModelError: as `check`.
        """
        name = shipped.name
        return self.path / name if self.path is not None and name in self.check() else shipped

    def passed_over(self, asked: Path) -> str | None:
        """What the folder's classifier is called where the settings ask for the other one.

        asked: the shipped classifier that the settings name.

        Raises:
            ModelError: as `check`.
        """
        there = self.check().intersection(path.name for path in CLASSIFIERS)
        return None if asked.name in there else next(iter(there), None)

    def has_a_pair_of_detectors(self) -> bool:
        """Whether both detectors that are used come from one place.

        The shipped small one beside a large one of one's own need not see what that one sees, nor
        the other way round.

        Raises:
            ModelError: as `check`.
        """
        return len(self.check().intersection(path.name for path in DETECTORS)) != 1

    def load(self, shipped: Path, threads: int = 1) -> Int8Model:
        """Load the model that is used instead of a shipped one.

        Raises:
            ModelError: as `check`, or the model does not fit its card, or no runtime takes it.
        """
        path, key = self._trusted(shipped)
        return Int8Model.load(path, threads, trusted_key=key)

    def examine(self, shipped: Path) -> tuple[Path, ModelCard]:
        """Path and card of what `load` would load, without a runtime.

        Raises:
            ModelError: as `check`, or the model does not fit its card.
        """
        path, key = self._trusted(shipped)
        card = read_trusted_card(path, key)
        read_model(path, card)
        return path, card

    def _trusted(self, shipped: Path) -> tuple[Path, Path | None]:
        path = self.locate(shipped)
        return path, None if path == shipped else self.key


def _signed_models(folder: Path, key: Path) -> set[str]:
    """Names of the models that a signed manifest lists, each of its files being as it says."""
    if not (folder / MANIFEST).exists():
        raise ModelError(
            f"{folder}: its models are not signed; sign them (mien quantize sign) and name the key"
            " in models.trusted_key, or set models.require_signature to false"
        )
    try:
        files = verify_folder(folder, key).files
    except ModelError as error:
        if key != RELEASE_KEY:
            raise
        raise ModelError(f"{error}, or name your own key in models.trusted_key") from error
    return {name for name in files if name.endswith(".tflite")}
