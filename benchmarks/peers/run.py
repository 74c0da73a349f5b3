"""Mien and what users would pick instead, by turns on the same frames → a table in Markdown.

`benchmarks/peers/install.sh` first, then `python -m benchmarks.peers.run --data FOLDER`. Each peer
is a process of its own with the settings that its own documents give; while one works, the others
wait. Accuracy: on whole faces of FER2013's PrivateTest, 7 emotions, without anybody's detector; and
end to end on such faces pasted into pictures, each found by the peer's own detector or not at all.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import scenes, text_table
from benchmarks.as_command import at_least_one, exit_code
from benchmarks.clip_frames import clip_frames, room_and_face
from benchmarks.labelled_faces import DATA
from benchmarks.machine import Beginning, origin
from benchmarks.peers.worker import FOLLOWS, PEERS
from benchmarks.spread import percentile
from edge_app.closing import Closing
from edge_app.errors import MienError
from edge_app.perception.labels import FER2013
from trainer.data import Faces, Split, read

FACE_API = {"face-api, tiny detector": "tiny", "face-api, SSD": "ssd"}
#: Frames and faces that a peer is asked for at a time.
_ROW, _FACES = 10, 100
_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]

Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scored:
    """Shares of all scenes: in which a face was found, and in which it was read rightly."""

    found: float
    right: float


@dataclass(frozen=True, slots=True)
class Questions:
    """What all peers are asked. faces: uint8 [N, 48, 48], labels: [N].

    scenes: uint8 [M, 480, 640, 3], one of the faces in each; scene_labels: [M].
    """

    faces: NDArray[np.uint8]
    labels: Labels
    scenes: NDArray[np.uint8]
    scene_labels: Labels


@dataclass(slots=True)
class Measured:
    """One peer's figures; found: frames in which it saw a face."""

    start_s: float
    rows: list[list[float]] = field(default_factory=list)
    cpu_ms: float = 0.0
    found: int = 0
    peak_mb: float = 0.0
    accuracy: float = 0.0
    in_scenes: Scored | None = None

    @property
    def frame_ms(self) -> float:
        """The mean, which says how many frames a second there are: some search and some follow."""
        return fmean(took for row in self.rows for took in row)

    @property
    def median_ms(self) -> float:
        """Half of the frames take no longer."""
        return percentile([took for row in self.rows for took in row], 0.5)


class Worker(Closing):
    """A peer's process, ready for questions."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        """Start it and wait for its first answer.

        Raises:
            MienError: it ended instead.
        """
        self.name = name
        began = time.monotonic()
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, env=os.environ | {"PYTHONPATH": str(_ROOT)},
        )  # fmt: skip
        try:
            self._read()
        except MienError:
            self.close()
            raise
        self.measured = Measured(start_s=time.monotonic() - began)

    def ask(self, what: str, first: int, count: int) -> dict[str, Any]:
        """Have it see `count` frames, or read as many faces.

        Raises:
            MienError: it ended instead.
        """
        assert self._process.stdin is not None  # noqa: S101 - for the type checker
        self._process.stdin.write(f"{what} {first} {count}\n")
        self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.terminate()
        self._process.wait()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        line = self._process.stdout.readline()
        if not line:
            raise MienError(f"{self.name}: ended with {self._process.wait()}; see how it starts")
        answer: dict[str, Any] = json.loads(line)
        return answer


def commands(folder: Path, questions: Sequence[Path]) -> Iterator[tuple[str, list[str]]]:
    """How each peer that is installed is started; Mien's own in this environment.

    questions: the files of frames, faces and scenes.
    """
    files = [str(file) for file in questions]
    worker = ["-m", "benchmarks.peers.worker"]
    python = folder / "venv/bin/python"
    for name in PEERS:
        if name.startswith("mien"):
            yield name, [sys.executable, *worker, name, *files]
        elif python.exists():
            yield name, [str(python), *worker, name, *files]
    node = shutil.which("node")
    if node is not None and (folder / "node/node_modules").exists():
        for name, detector in FACE_API.items():
            yield name, [node, str(folder / "node/face_api.js"), detector, *files]


def scenes_of(faces: Faces, folder: Path, count: int) -> tuple[NDArray[np.uint8], Labels]:
    """Paste `count` of the faces into pictures of `folder`, upright; their labels beside.

    Raises:
        UsageError: there is no picture.
    """
    pictures = scenes.backgrounds(folder)
    rng = np.random.default_rng(2013)
    rows = np.sort(rng.permutation(len(faces))[:count])
    places = scenes.places(rng)
    drawn = [
        scenes.paste(pictures[int(rng.integers(len(pictures)))], faces.pixels[row], place, 0.0)
        for row, place in zip(rows, places, strict=False)
    ]
    return np.stack([np.repeat(each[..., None], 3, axis=2) for each in drawn]), faces.labels[rows]


def run(folder: Path, asked: Questions, rounds: int) -> dict[str, Measured]:
    """Measure all peers; one that does not start is said so, and left out."""
    _, there = room_and_face(clip_frames(colour=True))
    frames = np.stack([frame.image for frame in there])
    with tempfile.TemporaryDirectory(prefix="mien-peers-") as name, ExitStack() as stack:
        files = [Path(name) / f"{what}.npy" for what in ("frames", "faces", "scenes")]
        for file, values in zip(files, (frames, asked.faces, asked.scenes), strict=True):
            np.save(file, values)
        workers = []
        for peer, command in commands(folder, files):
            try:
                workers.append(stack.enter_context(Worker(peer, command)))
            except MienError as error:
                sys.stderr.write(f"{error}\n")
        for number in range(rounds):
            first = number * _ROW % (len(frames) - _ROW)
            for worker in workers:
                _take(worker.measured, worker.ask("frames", first, _ROW))
        for worker in workers:
            answers = _ask_all(worker, "faces", len(asked.labels))
            worker.measured.accuracy = _score(answers, asked.labels).right
            if worker.name not in FOLLOWS:
                answers = _ask_all(worker, "scenes", len(asked.scene_labels))
                worker.measured.in_scenes = _score(answers, asked.scene_labels)
        return {worker.name: worker.measured for worker in workers}


def _take(measured: Measured, answer: dict[str, Any]) -> None:
    measured.rows.append(answer["ms"])
    measured.cpu_ms += answer["cpu_ms"]
    measured.found += answer["found"]
    measured.peak_mb = answer["peak_mb"]


def _ask_all(worker: Worker, what: str, count: int) -> list[str | None]:
    """An emotion for each face or scene; None where no face was found."""
    emotions: list[str | None] = []
    while len(emotions) < count:
        more = min(_FACES, count - len(emotions))
        emotions += worker.ask(what, len(emotions), more)["emotions"]
    return emotions


def _score(emotions: Sequence[str | None], labels: Labels) -> Scored:
    right = [emotion == FER2013[label] for emotion, label in zip(emotions, labels, strict=True)]
    found = [emotion is not None for emotion in emotions]
    return Scored(float(np.mean(found)), float(np.mean(right)))


def table(measured: dict[str, Measured], frames: int) -> list[list[str]]:
    """Rows, the head first; the factor is of the mean frame, by Mien's that searches each."""
    own = next(iter(measured.values())).frame_ms
    rows = [["peer", "ms a frame", "median", "times Mien's", "processor, ms a frame",
             "frames with a face", "start, s", "peak, MB", "PrivateTest", "found in scenes",
             "right in scenes"]]  # fmt: skip
    for name, one in measured.items():
        rows.append([
            name, f"{one.frame_ms:.2f}", f"{one.median_ms:.2f}", f"{one.frame_ms / own:.1f}",
            f"{one.cpu_ms / frames:.2f}",
            f"{100 * one.found / frames:.0f} %", f"{one.start_s:.2f}", f"{one.peak_mb:.0f}",
            f"{100 * one.accuracy:.1f} %",
            *(("", "") if one.in_scenes is None else
              (f"{100 * one.in_scenes.found:.1f} %", f"{100 * one.in_scenes.right:.1f} %")),
        ])  # fmt: skip
    return rows


def versions(folder: Path) -> Iterator[str]:
    """What is installed of the packages that install.sh asks for, in words."""
    asked = (_HERE / "requirements.txt").read_text(encoding="utf-8")
    names = re.findall(r"^\w[\w-]*", asked, re.MULTILINE)
    for site in sorted(folder.glob("venv/lib/python*/site-packages")):
        for name in names:
            for found in metadata.distributions(name=name, path=[str(site)]):
                yield f"{name} {found.version}"
    for name in json.loads((_HERE / "package.json").read_bytes())["dependencies"]:
        described = folder / "node/node_modules" / name / "package.json"
        if described.exists():
            yield f"{name} {json.loads(described.read_bytes())['version']}"


def folder_mb(folder: Path) -> float:
    """What the files below `folder` take together."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def sizes(environments: Mapping[str, Path]) -> Iterator[str]:
    """What is installed in each, in words; environments: by whom they are for."""
    for what, folder in environments.items():
        said = f"{folder_mb(folder):.0f} MB" if folder.exists() else f"unknown, without {folder}"
        yield f"Packages installed for {what}: {said}."


def main(words: Sequence[str] | None = None) -> int:
    """Print where it was measured, the table and the sizes of the environments.

    Returns 1 where a peer that is installed did not start.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="FER2013, default: %(default)s")
    parser.add_argument("--peers", type=Path, default=Path("build/peers"), metavar="FOLDER")
    parser.add_argument("--rounds", type=at_least_one, default=20, help=f"of {_ROW} frames")
    parser.add_argument("--faces", type=int, default=0, help="the first so many; 0: all")
    parser.add_argument("--scenes", type=at_least_one, default=500, help="default: %(default)s")
    arguments = parser.parse_args(words)
    private = read(arguments.data).of(Split.PRIVATE_TEST)
    private = private.where(private.labels < len(FER2013))
    count = arguments.faces or len(private)
    drawn, labels = scenes_of(private, arguments.data / "no_faces", arguments.scenes)
    asked = Questions(private.pixels[:count], private.labels[:count], drawn, labels)
    beginning = Beginning()
    measured = run(arguments.peers, asked, arguments.rounds)
    installed = ", ".join(versions(arguments.peers)) or "no peers installed"
    sys.stdout.write(f"{origin(beginning)} {installed}.\n\n")
    for line in text_table.markdown(table(measured, arguments.rounds * _ROW)):
        sys.stdout.write(line + "\n")
    missing = [name for name, _ in commands(arguments.peers, []) if name not in measured]
    if missing:
        sys.stdout.write(f"\nInstalled, but did not start: {'; '.join(missing)}.\n")
    for line in sizes({
        "Python peers": arguments.peers / "venv",
        "peers in Node": arguments.peers / "node",
        "Mien": Path(".venv"),
    }):  # fmt: skip
        sys.stdout.write(f"\n{line}\n")
    return int(bool(missing))


if __name__ == "__main__":
    sys.exit(exit_code(main))
