"""The models that would be used → whether they are the signed ones, answer rightly, and fast."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from edge_app.doctor.finding import Finding, Group
from edge_app.errors import MienError
from edge_app.perception import golden
from edge_app.perception.card import DetectorCard
from edge_app.perception.classifier import EmotionClassifier
from edge_app.perception.detector import FaceDetector
from edge_app.perception.int8_model import Int8Model
from edge_app.perception.manifest import read_key, verify_folder
from edge_app.perception.model_folder import NAMES, ModelFolder
from edge_app.perception.schedule import WHOLE_S
from edge_app.perception.shipped import CLASSIFIERS, FACE_320, NETWORKS, RELEASE_KEY, SHIPPED
from edge_app.settings import PerceptionSettings

GROUP = Group("models")

#: The fastest of so many runs counts: whatever else the machine does makes the others slower.
_RUNS = 5


def check_models(
    perception: PerceptionSettings,
    own: ModelFolder | None = None,
    *,
    folder: Path = SHIPPED,
    clock_s: Callable[[], float] = time.perf_counter,
) -> Iterator[Finding]:
    """Signature and hashes of the folders, then each model's golden answers and time.

    own: a folder whose models stand in for those of the same name in `folder`.
    """
    try:
        manifest = verify_folder(folder, RELEASE_KEY)
        fingerprint = read_key(RELEASE_KEY).fingerprint
    except MienError as error:
        yield GROUP.failed("signature", error)
    else:
        yield GROUP.ok(
            "signature",
            f"{len(manifest.files)} files as signed, key {fingerprint[:12]}…",
        )
    own = own or ModelFolder()
    try:
        replaced = own.check()
        if own.path is not None:
            yield _own_folder(own, replaced)
    except MienError as error:
        yield GROUP.failed("directory", error)
        return
    network = NETWORKS[perception.network]
    if (unused := own.passed_over(network)) is not None:
        yield GROUP.warning(
            "network",
            f"{unused} is not used: network = {perception.network!r} reads {network.name}",
            f"call it {network.name}, with its card, or change network in [perception]",
        )
    is_a_pair = own.has_a_pair_of_detectors()
    for name in sorted(NAMES):
        rate = perception.detections_per_second
        if name == FACE_320.name and is_a_pair:
            # The other one of the pair makes most searches.
            rate = min(rate, 1.0 / WHOLE_S)
        if own.path is not None and name in replaced:
            yield _model(own.path / name, own.key, perception, rate, clock_s)
        elif (folder / name).exists():
            yield _model(folder / name, RELEASE_KEY, perception, rate, clock_s)


def _own_folder(own: ModelFolder, replaced: frozenset[str]) -> Finding:
    text = f"{own.path}: {', '.join(sorted(replaced))}"
    if own.key is None:
        return GROUP.ok("directory", f"{text}; no signature is asked for")
    return GROUP.ok("directory", f"{text} as signed, key {read_key(own.key).fingerprint[:12]}…")


def _model(
    path: Path,
    key: Path | None,
    perception: PerceptionSettings,
    rate: float,
    clock_s: Callable[[], float],
) -> Finding:
    """rate: runs a second, if it is a detector."""
    try:
        model = Int8Model.load(path, perception.threads, trusted_key=key)
        if path.name in {each.name for each in CLASSIFIERS}:
            EmotionClassifier(model, perception.answer)
        else:
            FaceDetector(model)
        if key is None and not golden.golden_path(path).exists():
            return GROUP.warning(
                path.stem,
                f"{path}: without a golden file nobody knows whether it answers rightly here",
                "make one where the model was made: mien quantize sign",
            )
        result = golden.check(model)
    except MienError as error:
        return GROUP.failed(path.stem, error)
    if result.verdict is golden.Verdict.FAILED:
        return GROUP.failure(
            path.stem,
            f"golden check: {result}",
            f"it reads faces wrongly here: install another version than {result.runtime}",
        )
    fastest_s = min(_runs_s(model, clock_s))
    threads = f"{perception.threads} thread{'s' * (perception.threads != 1)}"
    text = f"golden check: {result.verdict.value}; {1000 * fastest_s:.1f} ms a run, {threads}"
    if isinstance(model.card, DetectorCard) and fastest_s * rate > 1.0:
        return GROUP.warning(
            path.stem,
            f"{text}: too slow for {rate:g} detections a second",
            "lower detections_per_second, or raise threads, in [perception]",
        )
    return GROUP.ok(path.stem, text)


def _runs_s(model: Int8Model, clock_s: Callable[[], float]) -> Iterator[float]:
    given = golden.golden_input(model.card.input.shape, 0)
    for _ in range(_RUNS):
        began_s = clock_s()
        model.run(given)
        yield clock_s() - began_s
