"""`mien quantize parity` and `compare-calibration`: what int8 costs, measured and written down."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import keras
import msgspec

from edge_app.perception.answers import Mixture
from edge_app.perception.card import DEFAULT_ANSWER, ClassifierCard, read_card, read_model
from edge_app.perception.shipped import CLASSIFIERS, SHIPPED
from quantize import detector as detectors
from quantize.artefact import write_together
from quantize.classifier import Options, int8_logits, quantize
from quantize.detector_report import Found
from quantize.errors import QuantizeError
from quantize.face_photos import FacePhoto, pictures_at_all_sizes, read_face_photos, split
from quantize.parity import ClassifierParity, DetectorParity, classifier_parity, detector_parity
from quantize.parity_page import write_page
from quantize.parity_report import ParityReport, Subject, lines, measure, write_json
from quantize.ranges import Calibration, observe
from quantize.runs import find_runs
from quantize.static_int8 import quantize_by_ranges, tensor_ranges
from quantize.tflite_converter import convert_int8
from quantize.trained import INPUT, INPUT_RANGE, TrainedClassifier
from quantize.yunet import read_gray_yunet
from trainer.data import Faces, Split, read
from trainer.networks.cost import macs

CALIBRATIONS = "calibrations.json"

#: Every so many photos stand for all while layers are kept in real numbers one at a time.
TRIAL_STRIDE = 2


def compare_parity(arguments: argparse.Namespace) -> Iterator[str]:
    """Compare int8 models with the float ones they were made of, line by line."""
    reports = []
    for subject, parity in _subjects(arguments):
        report = measure(subject, parity, runs=arguments.runs)
        yield from lines(report)
        reports.append(report)
    write_json(arguments.output, reports)
    yield f"written: {arguments.output}"
    if arguments.page:
        _write_page(arguments, reports)
        yield f"written: {arguments.page}"


def compare_calibration(arguments: argparse.Namespace) -> Iterator[str]:
    """Quantize by every way to calibrate and both converters: what each costs, line by line."""
    rows = []
    for row in chain.from_iterable(_rows(arguments)):
        rows.append(row)
        yield ", ".join(row.values())
    written = msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n"
    write_together([(arguments.output / CALIBRATIONS, written)])
    yield f"written: {arguments.output / CALIBRATIONS}"


@dataclass(frozen=True, slots=True)
class _Photos:
    """The detector's photos: to calibrate on, as samples by size, and to be judged by."""

    gray: keras.Model
    calibration: list[FacePhoto]
    evaluation: list[FacePhoto]

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> _Photos:
        gray = read_gray_yunet(arguments.weights)
        return cls(gray, *split(read_face_photos(arguments.data / "faces")))

    def prepare(
        self, size: int, method: Calibration = Calibration.MIN_MAX
    ) -> tuple[detectors.PreparedDetector, list[Any]]:
        pictures = list(pictures_at_all_sizes(self.calibration))
        samples = detectors.calibration_inputs(pictures, size)
        return detectors.prepare_detector(self.gray, samples, size, method), samples

    def parity(
        self, prepared: detectors.PreparedDetector, content: bytes, size: int, stride: int = 1
    ) -> DetectorParity:
        card = detectors.describe(prepared, content, size, pictures=0)
        judged = self.evaluation[::stride]
        both = detectors.QuantizedDetector(prepared.tflite, content, card)
        found: tuple[Found, Found] = detectors.detect(both, judged, [])
        return detector_parity(judged, *(one.at(card.score_threshold) for one in found))


def _subjects(
    arguments: argparse.Namespace,
) -> Iterator[tuple[Subject, ClassifierParity | DetectorParity]]:
    classifiers, photos = _asked(arguments)
    if classifiers:
        faces = read(arguments.data, way=arguments.crops)
        for path, run in classifiers.items():
            yield _classifier(path, run, faces)
    if photos:
        for size, name in detectors.SIZES.items():
            yield _detector(photos, size, SHIPPED / name)


def _rows(arguments: argparse.Namespace) -> Iterator[Iterator[dict[str, str]]]:
    classifiers, photos = _asked(arguments)
    if classifiers:
        yield _classifier_rows(classifiers, read(arguments.data, way=arguments.crops))
    if photos:
        yield _detector_rows(photos)


def _asked(arguments: argparse.Namespace) -> tuple[dict[Path, Path], _Photos | None]:
    """The classifiers with their runs, and the detectors' photos, whatever was asked for.

    All that may be missing is said here, before the minutes that the first classifier takes.
    """
    classifiers = {} if arguments.detectors_alone else _runs(arguments)
    return classifiers, None if arguments.models else _Photos.of(arguments)


def _runs(arguments: argparse.Namespace) -> dict[Path, Path]:
    """The shipped classifiers, or those that were named, and the run that each was made of."""
    models = _classifiers_in(arguments.models) if arguments.models else CLASSIFIERS
    cards = [_classifier_card(path) for path in models]
    return dict(zip(models, find_runs(cards, arguments.run), strict=True))


def _classifiers_in(folder: Path) -> list[Path]:
    """Raises QuantizeError where there is none."""
    models = sorted(folder.glob("*.tflite"))
    found = [path for path in models if isinstance(read_card(path), ClassifierCard)]
    if not found:
        raise QuantizeError(
            f"{folder}: holds no classifier; name the folder that mien quantize classifier wrote to"
        )
    return found


def _classifier(path: Path, run: Path, faces: Faces) -> tuple[Subject, ClassifierParity]:
    public = faces.of(Split.PUBLIC_TEST)
    card = _classifier_card(path)
    trained = TrainedClassifier.load(run)
    content = read_model(path, card)
    samples = trained.calibration_inputs(faces)
    parity = _judge(card, trained, public)
    subject = Subject(
        name=path.stem,
        float_model=trained.tflite,
        int8_model=content,
        ranges=tensor_ranges(
            observe(trained.tflite, samples, histograms=False), INPUT, INPUT_RANGE
        ),
        samples=samples,
        macs=macs(trained.model),
        loss=lambda model: parity(model).points_lost,
    )
    return subject, parity(content)


def _judge(
    card: ClassifierCard, trained: TrainedClassifier, public: Faces
) -> Callable[[bytes], ClassifierParity]:
    """How far int8 bytes are from the network, by the default answer of the card."""
    default = Mixture(trained.heads, card.answers[DEFAULT_ANSWER])
    as_float = default.probabilities(trained.logits(public.pixels))

    def parity(model: bytes) -> ClassifierParity:
        as_int8 = default.probabilities(int8_logits(model, public.pixels))
        return classifier_parity(as_float, as_int8, public, default.answer.labels)

    return parity


def _classifier_card(path: Path) -> ClassifierCard:
    card = read_card(path)
    if not isinstance(card, ClassifierCard):
        raise QuantizeError(f"{path}: its card is no classifier's; quantize it again")
    return card


def _detector(photos: _Photos, size: int, path: Path) -> tuple[Subject, DetectorParity]:
    prepared, samples = photos.prepare(size)
    content = read_model(path, read_card(path))

    def loss(model: bytes) -> float:
        # Overlap, not recall: a photo more or less says nothing of a layer.
        seen = photos.parity(prepared, model, size, TRIAL_STRIDE)
        return 100 * (1 - seen.agreement.mean_iou)

    subject = Subject(
        name=path.stem,
        float_model=prepared.corrected,
        int8_model=content,
        ranges=prepared.ranges,
        samples=samples,
        macs=macs(prepared.model),
        loss=loss,
    )
    return subject, photos.parity(prepared, content, size)


def _classifier_rows(classifiers: dict[Path, Path], faces: Faces) -> Iterator[dict[str, str]]:
    public = faces.of(Split.PUBLIC_TEST)
    ways = [Options(calibration=method) for method in Calibration] + [Options(converter="tflite")]
    for path, run in classifiers.items():
        trained = TrainedClassifier.load(run)
        samples = trained.calibration_inputs(faces)
        judge = _judge(_classifier_card(path), trained, public)
        for way in ways:
            parity = judge(quantize(trained, samples, way))
            yield _row(
                path.stem, way.converter, way.calibration,
                f"{parity.points_lost:+.2f} points lost",
                f"same answer {parity.same_answer:.2%}, KL {parity.kl_mean:.5f}",
            )  # fmt: skip


def _detector_rows(photos: _Photos) -> Iterator[dict[str, str]]:
    for size, name in detectors.SIZES.items():
        for method in Calibration:
            prepared, samples = photos.prepare(size, method)
            content = quantize_by_ranges(prepared.corrected, prepared.ranges)
            parity = photos.parity(prepared, content, size)
            yield _detector_row(name, Options(calibration=method), parity)
        content = convert_int8(prepared.model, detectors.INPUT, samples, detectors.INPUT_RANGE)
        parity = photos.parity(prepared, content, size)
        yield _detector_row(name, Options(converter="tflite"), parity)


def _detector_row(name: str, way: Options, parity: DetectorParity) -> dict[str, str]:
    return _row(
        Path(name).stem, way.converter, way.calibration,
        f"{parity.points_lost:+.2f} points of recall lost",
        f"mean IoU {parity.agreement.mean_iou:.4f}, kept {parity.agreement.kept:.2%}",
    )  # fmt: skip


def _row(model: str, converter: str, method: Calibration, lost: str, said: str) -> dict[str, str]:
    return {
        "Model": model,
        "Converter": converter,
        "Calibration": method.value,
        "Lost": lost,
        "Agreement": said,
    }


def _write_page(arguments: argparse.Namespace, reports: list[ParityReport]) -> None:
    stored = arguments.output / CALIBRATIONS
    calibrations = msgspec.json.decode(stored.read_bytes()) if stored.is_file() else []
    introduction = (Path(__file__).parent / "parity_introduction.md").read_text()
    write_page(arguments.page, introduction, reports, calibrations)
