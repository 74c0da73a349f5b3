from pathlib import Path

import numpy as np
import pytest

from tests.trainer.data.test_fer2013_csv import HEADER, good, picture, write
from trainer.data import DataError
from trainer.data.fer2013_csv import read_fer2013_csv
from trainer.data.ferplus_csv import votes_for
from trainer.data.rejections import Reading

VOTES_HEADER = (
    "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
)
USAGES = ("Training", "PublicTest", "PrivateTest")


def row(index: int, name: str | None = None, first: int | None = None) -> str:
    named = f"fer{index:07d}.png" if name is None else name
    return f"{USAGES[index % 3]},{named},{index if first is None else first},0,0,0,0,0,0,0,1,2"


def rows(n: int = 40) -> list[str]:
    return [row(index) for index in range(n)]


def write_votes(folder: Path, lines: list[str]) -> Path:
    path = folder / "fer2013new.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def join(folder: Path, lines: list[str], n: int = 40) -> tuple[np.ndarray, Reading]:
    told: list[Reading] = []
    indices = np.arange(n, dtype=np.int64)
    votes = votes_for(indices, indices % 3, write_votes(folder, lines), told.append)
    return votes, told[0]


def test_votes_are_joined_by_name_and_in_the_columns_of_faces(tmp_path: Path) -> None:
    votes, _ = join(tmp_path, [VOTES_HEADER, *reversed(rows())])
    assert votes.dtype == np.float32
    assert votes[:, 0].tolist() == list(range(40))
    assert votes[0].tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 1, 2]


def test_a_row_without_a_name_is_joined_by_its_place(tmp_path: Path) -> None:
    lines = rows()
    lines[17] = row(17, name="")
    votes, reading = join(tmp_path, [VOTES_HEADER, *lines])
    assert votes[17, 0] == 17
    assert reading.left_out == 0


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (row(4, name="face4.png"), "'face4.png'"),
        (row(4, name="fer0000005.png"), "second row for picture 5"),
        (row(4, first=-1), "'-1' is no count"),
        (row(4, first=101), "'101' is no count"),
        (row(4).replace(",4,", ",4.5,"), "'4.5' is no count"),
        (row(4).replace("PublicTest", "Test"), "Usage 'Test'"),
        (row(4) + ",1", "13 cells"),
    ],
)
def test_a_malformed_row_is_reported_and_its_face_has_no_votes(
    tmp_path: Path, bad: str, said: str
) -> None:
    lines = rows()
    lines[4] = lines[5]  # so that the second of two follows the first
    lines[5] = bad
    if "second" not in said:
        lines[4], lines[5] = bad, row(5)
    votes, reading = join(tmp_path, [VOTES_HEADER, *lines])
    assert not votes[4].any()
    assert votes[5, 0] == 5
    assert reading.left_out == 1
    assert reading.examples[0].startswith("fer2013new.csv:")
    assert said in reading.examples[0]


def test_votes_of_another_data_set_are_refused(tmp_path: Path) -> None:
    moved = [row(index, name=f"fer{index + 1:07d}.png") for index in range(41)]
    with pytest.raises(DataError, match="do not belong together"):
        join(tmp_path, [VOTES_HEADER, *moved])


def test_votes_for_a_part_of_the_faces_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="votes for 30 of 40 faces only"):
        join(tmp_path, [VOTES_HEADER, *rows(30)])


def test_a_file_without_the_column_of_no_face_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="names no column NF"):
        join(tmp_path, [VOTES_HEADER.removesuffix(",NF"), *rows()])


def test_a_row_that_fer2013_lost_does_not_move_the_votes(tmp_path: Path) -> None:
    faces = good()
    faces[10] = f"9,{picture(10)},PublicTest"
    path = write(tmp_path, [HEADER, *faces])
    read = read_fer2013_csv(path, write_votes(tmp_path, [VOTES_HEADER, *rows()]))
    assert len(read) == 39
    assert np.array_equal(read.votes[:, 0], read.pixels[:, 0, 0])


def test_the_real_files_shape_gives_the_mosaics_faces(shared_data: Path, tmp_path: Path) -> None:
    """Written out as Kaggle and FER+ publish them, the first rows come back as they were."""
    from trainer.data import read_mosaic
    from trainer.data.faces import Faces

    whole = read_mosaic(shared_data)
    part: Faces = whole.where(np.arange(len(whole)) < 300)
    faces = [
        f"{label},{' '.join(map(str, pixels.ravel()))},{USAGES[split]}"
        for label, pixels, split in zip(part.labels, part.pixels, part.split, strict=True)
    ]
    votes = [
        f"{USAGES[split]},{'' if counts[9] > 5 else f'fer{index:07d}.png'},"
        + ",".join(str(int(count)) for count in counts)
        for index, (counts, split) in enumerate(zip(part.votes, part.split, strict=True))
    ]
    read = read_fer2013_csv(
        write(tmp_path, [HEADER, *faces]), write_votes(tmp_path, [VOTES_HEADER, *votes])
    )
    assert read.sha256() == part.sha256()
