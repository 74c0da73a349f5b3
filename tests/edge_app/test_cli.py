"""The command as a user calls it: a process, its lines and its exit code."""

import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from edge_app.called import program
from edge_app.events.payloads import EmotionChanged, decode_event
from edge_app.frames.video_file import VideoFileSource
from edge_app.mqtt.messages import AVAILABILITY, EVENT, INFO, STATE
from edge_app.mqtt.subscriber import Subscriber
from edge_app.perception.shipped import EMOTION, EMOTION_SMALL
from edge_app.samples import CLIP
from tests.brokers import Mosquitto, free_port, wait_until
from tests.edge_app.setup.terminal_session import TerminalSession

MIEN = (sys.executable, "-m", "edge_app.cli")


def mien(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MIEN, *words], capture_output=True, text=True, check=False, timeout=60, **more
    )


@contextlib.contextmanager
def started(*words: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*MIEN, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_without_a_broker_events_are_json_lines() -> None:
    done = mien("run", "--source", "sample:", "--pace", "fast", "--device", "desk")
    assert (done.returncode, done.stderr) == (0, "")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [e["type"] for e in events] == ["face_appeared", "emotion_changed", "face_left"]
    assert {e["device"] for e in events} == {"desk"}
    assert events[1]["emotion"] == "happy"
    assert {e["model"] for e in events} == {
        json.loads(EMOTION.with_suffix(".json").read_text())["sha256"]
    }


def test_a_camera_s_password_that_all_may_read_is_told(tmp_path: Path) -> None:
    settings, password = tmp_path / "mien.toml", tmp_path / "password"
    settings.write_text('[camera]\nsource = "sample:"\npassword_file = "password"\n')
    password.write_text("hunter2\n")
    warning = f"mien: {password}: every user can read it; chmod o= {password}\n"
    for mode, said in ((0o644, warning), (0o600, "")):
        password.chmod(mode)
        done = mien("run", "--settings", str(settings), "--pace", "fast")
        assert (done.returncode, done.stderr) == (0, said)


def test_without_a_broker_aggregates_are_summaries_as_json_lines(tmp_path: Path) -> None:
    settings = tmp_path / "mien.toml"
    settings.write_text('[privacy]\nmode = "aggregates"\npurpose = "a trial"\n')
    words = ("run", "--source", "sample:", "--pace", "fast", "--settings", str(settings))
    done = mien(*words)
    assert (done.returncode, done.stderr) == (0, "")
    (summary,) = map(json.loads, done.stdout.splitlines())
    assert (summary["faces"], summary["withheld"], summary["minimum_group"]) == (None, True, 5)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*MIEN, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )
    assert done.returncode == 1
    assert done.stderr.startswith("mien: standard output: No space left on device; make room")
    assert done.stderr.count("\n") == 1


def test_a_picture_whose_header_promises_too_many_pixels_is_not_decoded(tmp_path: Path) -> None:
    bomb, panorama = tmp_path / "bomb.png", tmp_path / "panorama.png"
    bomb.write_bytes(white_png(width=32_000, height=32_000))
    panorama.write_bytes(white_png(width=20_000, height=5_000))
    words = ("analyze", str(bomb), str(panorama), "--no-pictures", "--output")
    done = mien(*words, str(tmp_path / "out"))
    assert done.returncode == 1
    refused, read = done.stderr.splitlines()
    assert refused == (
        f"mien: {bomb}: too many pixels; scale it down, or allow more by OPENCV_IO_MAX_IMAGE_PIXELS"
    )
    assert read == f"mien: {panorama}: 0 faces"
    # Whoever has the memory may allow more, or less.
    fewer = os.environ | {"OPENCV_IO_MAX_IMAGE_PIXELS": "1000"}
    done = mien(*words, str(tmp_path / "none"), env=fewer)
    assert done.stderr.count("too many pixels") == 2


def test_no_file_s_name_steers_the_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "\x1b[31m"
    folder.mkdir()
    for name, content in (("a\x1b[2J.png", white_png(64, 64)), ("b\x9b2J.png", b"no picture")):
        (folder / name).write_bytes(content)
    done = mien("analyze", str(folder), "--no-pictures", "--output", str(tmp_path / "\x07"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 2
    # A recording's, in the log, and an error's.
    ran = mien("run", "--source", str(folder), "--pace", "fast")
    gone = mien("run", "--source", f"{tmp_path}/\x1b[2J.mp4")
    assert "b\N{REPLACEMENT CHARACTER}2J.png" in ran.stderr
    assert gone.returncode == 2
    # Of a folder's files one may look like an option.
    wrong = mien("analyze", "-\x1b[2J.jpg")
    assert wrong.returncode == 2
    told = (done, ran, gone, wrong)
    said = "".join(each.stdout + each.stderr for each in told).replace("\n", "")
    assert "\N{REPLACEMENT CHARACTER}[2J" in said
    assert not set(said) & set("\x1b\x9b\x07")


def white_png(width: int, height: int) -> bytes:
    """One bit a pixel."""
    rows = zlib.compress((b"\0" + b"\xff" * (width // 8)) * height, 1)
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((1, 0, 0, 0, 0))
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(content).to_bytes(4, "big")
        + kind
        + content
        + zlib.crc32(kind + content).to_bytes(4, "big")
        for kind, content in chunks
    )


@pytest.mark.parametrize(("pictures", "counted"), [(1, "1 frame"), (2, "2 frames")])
def test_a_recording_in_which_nobody_counts_says_so(
    tmp_path: Path, pictures: int, counted: str
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    with VideoFileSource(CLIP, pace="fast") as clip:
        frames = [frame.image for frame in iter(clip.read, None)]
    for number, image in enumerate(frames[60 : 60 + pictures]):
        cv2.imwrite(str(folder / f"{number}.png"), image)
    done = mien("run", "--source", str(folder))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (
        f"mien: {folder}: {counted}, and nobody in it for long enough: a face counts from its third"
        " frame on; for photos there is mien analyze\n"
    )
    # Who was not there is not told where only sums are.
    settings = tmp_path / "mien.toml"
    settings.write_text('[privacy]\nmode = "aggregates"\npurpose = "a trial"\n')
    done = mien("run", "--source", str(folder), "--settings", str(settings))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_camera_upside_down_reads_what_an_upright_one_does(tmp_path: Path) -> None:
    with VideoFileSource(CLIP, pace="fast") as clip:
        frames = [frame.image for frame in iter(clip.read, None)]
    # Nobody is there before.
    for number, image in enumerate(frames[60:90]):
        cv2.imwrite(str(tmp_path / f"{number}.png"), cv2.rotate(image, cv2.ROTATE_180))
    done = mien("run", "--source", str(tmp_path), "--pace", "fast", "--rotate", "180")
    assert (done.returncode, done.stderr) == (0, "")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [e["type"] for e in events] == ["face_appeared", "emotion_changed", "face_left"]
    assert events[1]["emotion"] == "happy"


@pytest.mark.parametrize("threads", [1, 3])
def test_opencv_takes_as_many_threads_as_the_settings_say(tmp_path: Path, threads: int) -> None:
    settings = tmp_path / "mien.toml"
    settings.write_text(
        f'[camera]\nsource = "sample:"\npace = "fast"\n[perception]\nthreads = {threads}\n'
    )
    code = (
        "import cv2; from edge_app.cli import main; cv2.setNumThreads(2);"
        f" main(['run', '--settings', {str(settings)!r}]); print(cv2.getNumThreads())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == str(threads)


def test_the_small_network_reads_faces_where_it_is_asked_for(tmp_path: Path) -> None:
    settings = tmp_path / "mien.toml"
    settings.write_text(
        '[camera]\nsource = "sample:"\npace = "fast"\n[perception]\nnetwork = "small"\n'
    )
    done = mien("run", "--settings", str(settings))
    assert (done.returncode, done.stderr) == (0, "")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[1]["emotion"] == "happy"
    assert {e["model"] for e in events} == {
        json.loads(EMOTION_SMALL.with_suffix(".json").read_text())["sha256"]
    }


def test_events_state_and_availability_arrive_at_a_broker(mosquitto: Mosquitto) -> None:
    availability, info, state, event = filters = [
        each.topic("desk") for each in (AVAILABILITY, INFO, STATE, EVENT)
    ]
    with Subscriber(mosquitto.address, filters) as subscriber:
        done = mien(
            "run", "--source", "sample:", "--pace", "fast", "--device", "desk",
            "--broker", str(mosquitto.address),
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        heard = []
        while message := subscriber.receive(1.0):
            heard.append(message)
    said = {topic: [m.payload for m in heard if m.topic == topic] for topic in filters}
    assert said[availability] == [b"online", b"offline"]
    assert json.loads(said[info][0])["source"] == "sample:"
    assert json.loads(said[state][-1])["faces"] == []
    events = [decode_event(payload) for payload in said[event]]
    assert len(events) == 3
    assert isinstance(events[1], EmotionChanged)
    assert events[1].emotion == "happy"


def test_it_starts_and_publishes_where_no_disk_takes_a_byte(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    with Subscriber(mosquitto.address, [EVENT.topic("desk")]) as subscriber:
        done = mien(
            *("run", "--source", "sample:", "--pace", "fast", "--device", "desk"),
            *("--broker", f"127.0.0.1:{mosquitto.port}"),
            env={**os.environ, "STATE_DIRECTORY": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
            # Stands in for full disks everywhere: no file may grow, not the smallest.
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
        )
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        heard = [subscriber.receive(10) for _ in range(3)]
    assert all(heard)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_cleanly_within_two_seconds(
    mosquitto: Mosquitto, number: signal.Signals
) -> None:
    filters = (AVAILABILITY.topic("desk"), EVENT.topic("desk"))
    with (
        Subscriber(mosquitto.address, filters) as subscriber,
        started(
            "run", "--source", "sample:", "--device", "desk", "--broker", str(mosquitto.address)
        ) as process,
    ):
        heard: list[bytes] = []

        def somebody_appeared() -> bool:
            if message := subscriber.receive(0.05):
                heard.append(message.payload)
            return any(b"face_appeared" in payload for payload in heard)

        wait_until(somebody_appeared, timeout_s=30)
        began = time.monotonic()
        process.send_signal(number)
        _, errors = process.communicate(timeout=10)
        assert time.monotonic() - began < 2
        assert (process.returncode, errors) == (0, "")
        while message := subscriber.receive(1.0):
            heard.append(message.payload)
    assert any(b"face_left" in payload for payload in heard)
    assert heard[-1] == b"offline"


def test_whoever_says_nohup_outlives_the_terminal() -> None:
    words = [*MIEN, "run", "--source", "sample:", "--device", "desk"]
    with subprocess.Popen(["nohup", *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert "face_appeared" in process.stdout.readline()
            process.send_signal(signal.SIGHUP)
            assert "emotion_changed" in process.stdout.readline()
        finally:
            process.terminate()
    assert process.returncode == 0


@pytest.mark.parametrize("source", ["sample:", "/dev/video99"])
def test_a_signal_while_the_broker_keeps_it_waiting_ends_it_as_quickly(source: str) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        started(
            "run", "--source", source, "--device", "desk",
            "--broker", f"127.0.0.1:{silent.getsockname()[1]}",
        ) as process,
    ):  # fmt: skip
        connection, _ = silent.accept()
        with connection:
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=10)
            assert time.monotonic() - began < 2
        assert process.returncode == 0


def test_the_embedded_broker_serves_a_listener() -> None:
    port = free_port()
    with started(
        "run", "--source", "sample:", "--device", "desk", "--broker", f"embedded:{port}"
    ) as process:
        assert process.stderr is not None
        assert f"embedded broker on 127.0.0.1:{port}" in process.stderr.readline()
        heard = mien("events", "--broker", f"127.0.0.1:{port}", "--json", "--count", "2")
        assert heard.returncode == 0
        assert [json.loads(line)["type"] for line in heard.stdout.splitlines()] == [
            "face_appeared", "emotion_changed",
        ]  # fmt: skip


def test_a_broker_at_another_port_is_named_to_listeners() -> None:
    with started(
        "run", "--source", "sample:", "--broker", f"embedded:{(port := free_port())}"
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().endswith(f" events --broker 127.0.0.1:{port}\n")


@pytest.mark.parametrize(
    ("words", "unbuffered"),
    [
        (("run", "--source", "sample:", "--pace", "fast"), ""),
        (("run", "--source", "sample:", "--pace", "fast"), "1"),
        (("demo", "--fast"), ""),
        (("doctor",), "1"),
        (("--help",), ""),
    ],
)
def test_a_full_standard_output_is_one_line(words: tuple[str, ...], unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*MIEN, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            timeout=60, env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("mien: standard output: No space left on device; make room")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("words", ["run --source sample: --pace fast", "demo --fast"])
def test_a_closed_standard_output_swallows_everything(words: str) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -m edge_app.cli {words} >&- <&-', sys.executable],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_without_any_stream_the_exit_code_tells() -> None:
    for closed in (">&- 2>&-", ">/dev/full 2>/dev/full"):
        words = f'exec "$0" -m edge_app.cli run --source nowhere.mp4 {closed}'
        done = subprocess.run(["/bin/sh", "-c", words, sys.executable], check=False, timeout=60)
        assert done.returncode == 2


def test_at_a_terminal_it_says_that_it_runs() -> None:
    with TerminalSession("run", "--source", "sample:", "--pace", "fast") as session:
        assert session.finish() == 0
        first, *events = session.screen.splitlines()
    assert first == (
        "mien: looking for faces in sample:; events go to standard output; Ctrl-C ends it"
    )
    assert len(events) == 3


def test_the_demo_needs_no_utf_8() -> None:
    done = mien("demo", "--fast", env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "face_appeared  face ?" in done.stdout


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "latin-1"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_help_needs_no_utf_8(environment: dict[str, str]) -> None:
    done = mien("run", "--help", env=os.environ | environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Frames of a camera or recording ? events" in done.stdout


@pytest.mark.parametrize("module", ["edge_app.command_line", "argparse", "edge_app.doctor.command"])
def test_ctrl_c_while_modules_are_imported_leaves_no_traceback(module: str) -> None:
    interrupting = f"""
import sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
from edge_app.cli import main
sys.exit(main(["doctor"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", interrupting],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_hints_name_the_program_as_it_was_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, other = tmp_path / "my own" / "mien", tmp_path / "bin" / "mien"
    for file in (own, other):
        file.parent.mkdir()
        file.write_text("#!/bin/sh\n")
        file.chmod(0o755)
    monkeypatch.setattr("sys.argv", [str(own)])
    monkeypatch.setenv("PATH", str(other.parent))
    assert program() == f"'{own}'"
    monkeypatch.setenv("PATH", str(own.parent))
    assert program() == "mien"
    monkeypatch.setattr("sys.argv", ["-c"])
    assert program() == "mien"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program() == f"{sys.executable} -m edge_app.cli"


def test_the_demo_shows_a_happy_face() -> None:
    done = mien("demo", "--fast")
    assert done.returncode == 0, done.stderr
    for word in ("face_appeared", "emotion_changed", "happy", "face_left", "3 events arrived"):
        assert word in done.stdout


def refused(code: int, *words: str, **more: object) -> str:
    """The one line of a refusal."""
    done = mien(*words, **more)
    assert done.returncode == code
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("mien: ")
    return done.stderr


@pytest.mark.parametrize(
    ("code", "words", "said"),
    [
        (2, ("run", "--source", "nowhere.mp4"), ("nowhere.mp4", "no such file")),
        (2, ("run", "--source", "rtps://x"), ("no such source", "rtsp://HOST/PATH")),
        (2, ("run", "--source", "rtsp://a:pass@/"), ("names no host",)),
        (2, ("run", "--source", "picamera2:"), ("apt install python3-picamera2",)),
        (2, ("run", "--settings", "nowhere.toml"), ("nowhere.toml", "No such file")),
        (2, ("run", "--source", "sample:", "--device", "a/b"), ("mien: --device: ", "device.name")),
        (2, ("run", "--source", ""), ("mien: --source: ",)),
        (2, ("run", "--source", "sample:", "--broker", "mqtt://a:pass@b"), ("password file",)),
        (2, ("run", "--source", "sample:", "--broker", "embedded:port"), ("port",)),
        (2, ("run", "--source", "rtsp://a@b", "--password-file", "x"), ("camera.password_file",)),
        (2, ("run", "--broker", "embedded", "--password-file", "x"), ("--broker",)),
        (2, ("doctor", "--password-file", "x"), ("camera.password_file",)),
        (1, ("events", "--broker", "127.0.0.1:1"), ("127.0.0.1:1", "refused")),
        (2, ("events", "--broker", "embedded"), ("inside mien run", "localhost")),
    ],
)
def test_bad_input_is_one_clear_line(code: int, words: tuple[str, ...], said: tuple[str]) -> None:
    line = refused(code, *words)
    for word in said:
        assert word in line
    assert "pass@" not in line


def test_files_that_are_no_video_are_refused(tmp_path: Path) -> None:
    for name, content in (("empty.mp4", b""), ("text.mp4", b"no video\n" * 100)):
        path = tmp_path / name
        path.write_bytes(content)
        assert str(path) in refused(1, "run", "--source", str(path))


def test_a_settings_file_with_a_mistake_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mien.toml"
    path.write_text("[camera]\nsorce = 'x'\n")
    assert "sorce" in refused(2, "run", "--settings", str(path))


def test_a_broker_that_does_not_answer_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        line = refused(1, "run", "--source", "sample:", "--broker", f"127.0.0.1:{port}")
    assert str(port) in line


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused(1, "run", "--source", "sample:", "--broker", f"embedded:{port}")
    assert str(port) in line


def test_a_model_that_is_not_its_cards_is_refused(tmp_path: Path) -> None:
    """A copy of the package with one changed byte in the classifier."""
    package = Path(__file__).parents[2] / "edge_app"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, tmp_path / "edge_app", ignore=ignore)
    model = tmp_path / "edge_app" / "models" / EMOTION.name
    model.write_bytes(model.read_bytes()[:-1] + b"!")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    line = refused(1, "run", "--source", "sample:", cwd=tmp_path, env=environment)
    assert str(model) in line
    assert "SHA-256" in line


def test_a_workstations_command_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "keras.py").write_text("raise ModuleNotFoundError('none', name='keras')")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    line = refused(1, "quantize", "detector", "--weights", "x", "--photos", ".", env=environment)
    assert "[quantize]'" in line
    # On PyPI that name is not ours.
    assert "pip install 'mien" not in line
    assert "keras" in line


def test_a_workstations_commands_say_what_is_wrong_in_one_line(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    run = str(tmp_path / "run")
    for words in (
        ("train", "run", "--run", run),
        ("train", "evaluate"),
        ("quantize", "classifier", run),
    ):
        assert f"{tmp_path}: not a data set" in refused(1, *words, *data)
    assert not Path(run).exists()


@pytest.mark.parametrize("words", [("frob",), (), ("run", "--frob")])
def test_wrong_words_are_usage(words: tuple[str, ...]) -> None:
    done = mien(*words)
    assert done.returncode == 2
    assert "usage: mien" in done.stderr
