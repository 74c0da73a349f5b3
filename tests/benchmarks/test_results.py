from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from benchmarks.results import Plan, Result, ResultError, encode, json_schema, read_result
from benchmarks.results_page import FOLDER, PEERS, TURNS, page, read_all
from benchmarks.session import FULL, QUICK
from tests.benchmarks.synthetic_results import result
from tests.benchmarks.test_session import watch
from tests.json_schema import errors

ROOT = Path(__file__).parents[2]


def test_the_schema_in_docs_is_the_types_own() -> None:
    said = json.loads((ROOT / "docs/schemas/bench.schema.json").read_text())
    assert said == msgspec.to_builtins(json_schema())
    Draft202012Validator.check_schema(said)


def test_a_result_is_valid_and_a_spoilt_one_is_not() -> None:
    schema = msgspec.to_builtins(json_schema())
    good = json.loads(encode(result()))
    assert not errors(good, schema)
    del good["machine"]["kernel"]
    assert errors(good, schema)


def test_a_result_comes_back_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(encode(result()))
    assert read_result(file) == result()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no result of mien bench"),
        (b"\xff\xfe", "no result of mien bench"),
        (b"[]", "no result of mien bench"),
        (b'{"schema_version": 1}', "no result of mien bench"),
        (b'{"schema_version": 99}', "version 99"),
    ],
)
def test_other_files_are_refused_in_one_line(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(content)
    with pytest.raises(ResultError, match=why) as caught:
        read_result(file)
    assert "\n" not in str(caught.value)


def test_a_board_that_does_not_keep_up_says_what_it_saw() -> None:
    whole = result()
    slow = msgspec.structs.replace(whole.loads[0], seen=6.1, cpu_share=1.0)
    text = "\n".join(page([("a", whole), ("b", msgspec.structs.replace(whole, loads=(slow,)))]))
    assert "| 40.0 % | 0123456789ab+ |" in text
    assert "| 100.0 % at 6.1 | 0123456789ab+ |" in text
    assert watch(0).warnings(FULL, 4, "ext4", whole.loads) == ()
    assert len(watch(0).warnings(QUICK, 4, "ext4", [slow])) == 1
    assert watch(0).warnings(FULL, 4, "ext4", [slow]) == (
        "face: of 15 frames a second 6.1 were seen",
    )


@pytest.mark.parametrize("blocks", [[], [0.0, 0.0]])
def test_blocks_that_have_no_ratio_are_no_result(blocks: list[float], tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(encode(result(blocks)))
    with pytest.raises(ResultError, match="no result of mien bench"):
        read_result(file)
    schema = msgspec.to_builtins(json_schema())
    assert errors(json.loads(file.read_bytes()), schema)


def test_an_older_result_is_read(tmp_path: Path) -> None:
    older = json.loads(encode(result()))
    for name in ("plan", "storage", "frames"):
        del older[name]
    for load in older["loads"]:
        del load["seconds"]
    (tmp_path / "a.json").write_text(json.dumps(older))
    read = read_result(tmp_path / "a.json")
    assert (read.plan, read.storage, read.frames) == (None, "unknown", "colour")
    assert "| Raspberry Pi 4 Model B Rev 1.4 |" in "\n".join(page([("a", read)]))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="name another file"):
        read_result(tmp_path / "none.json")


def test_the_page_has_a_row_and_a_section_for_each_result() -> None:
    older = result(invalid=("it was throttled",))
    older = msgspec.structs.replace(
        older, machine=msgspec.structs.replace(older.machine, commit="older")
    )
    quick = msgspec.structs.replace(result(), plan=Plan(seconds=4.0, starts=1, events=8))
    text = "\n".join(page([("pi", result()), ("other", older), ("quick", quick)]))
    assert text.count("| Raspberry Pi 4 Model B Rev 1.4 (rough) |") == 1
    assert text.count("| Raspberry Pi 4 Model B Rev 1.4 |") == 1
    assert text.count("| Raspberry Pi 4 Model B Rev 1.4 (invalid) |") == 1
    assert text.count("## Raspberry Pi 4 Model B Rev 1.4, 2026-03-01") == 3
    assert "INVALID: it was throttled" in text
    assert "Twice the same" not in text


def clean(
    whole: Result, commit: str = "0123456789ab", minutes: int = 0, **machine: object
) -> Result:
    """Of a checkout in which nothing was changed, so many minutes later."""
    return msgspec.structs.replace(
        whole,
        time=whole.time + timedelta(minutes=minutes),
        machine=msgspec.structs.replace(whole.machine, commit=commit, **machine),
    )


def test_a_commit_that_was_measured_twice_is_compared_with_itself() -> None:
    busy = msgspec.structs.replace(result([2.0, 2.2, 1.8]), warnings=("the machine was busy",))
    text = "\n".join(page([("b", clean(busy, minutes=3)), ("a", clean(result()))]))
    assert text.count("## Raspberry Pi 4 Model B Rev 1.4, 2026-03-01") == 1
    assert "## Twice the same: Raspberry Pi 4 Model B Rev 1.4, 0123456789ab" in text
    assert "A is a, B is b.\n\nNote: B: the machine was busy.\n\n| figure" in text
    assert "| frame, as scheduled | 1.000 | 2.000 | 2.000 |" in text


@pytest.mark.parametrize(
    "other",
    [
        clean(result(), "", 3),
        clean(result(), "0123456789ab+", 3),
        clean(result(), minutes=3, kernel="6.99"),
        clean(result(), minutes=3, versions={"mien": "0.9.0"}),
        clean(result(), minutes=3, memory_mb=7900),
        clean(result(), minutes=3, cores=2),
        clean(result(), minutes=3, architecture="armv7l"),
        msgspec.structs.replace(clean(result(), minutes=3), storage="tmpfs"),
        msgspec.structs.replace(clean(result(), minutes=3), frames="gray"),
        msgspec.structs.replace(clean(result(), minutes=3), plan=None),
        clean(result(invalid=("it was throttled",)), minutes=3),
    ],
    ids=[
        "no commit",
        "changed",
        "kernel",
        "versions",
        "memory",
        "cores",
        "architecture",
        "storage",
        "frames",
        "plan",
        "invalid",
    ],
)
def test_what_may_be_another_thing_is_no_repetition(other: Result) -> None:
    text = "\n".join(page([("a", clean(result(), other.machine.commit)), ("b", other)]))
    assert "Twice the same" not in text
    assert text.count("## Raspberry Pi 4 Model B Rev 1.4, 2026-03-01") == 2
    # Why it is invalid stands in its own section.
    assert ("INVALID: it was throttled" in text) is bool(other.invalid)


def test_devices_that_tell_nothing_need_not_be_one() -> None:
    two = [(name, clean(result(), minutes=n, device="unknown")) for n, name in enumerate("ab")]
    assert "Twice the same" not in "\n".join(page(two))


def test_the_page_in_docs_is_made_from_the_results() -> None:
    made = "\n".join(page(read_all())).rstrip() + "\n"
    assert (ROOT / "docs/benchmarks.md").read_text() == made


def test_what_lies_beside_the_results_is_shown() -> None:
    shown = re.findall(r"\.\./benchmarks/results/(\S+\.svg)\)", "\n".join(page(read_all())))
    beside = {file.name for file in FOLDER.iterdir() if file.suffix != ".json"}
    assert beside == {"README.md", PEERS.name, TURNS.name, *shown}
