"""What a package built from a checkout is called, so that apt takes the later one for the newer."""

from __future__ import annotations

import itertools
import re
import subprocess
from pathlib import Path

import pytest
from packaging.version import Version

from edge_app import version
from systemd.packaging.checkout import time_of, version_of
from systemd.packaging.tree import ROOT, write_version

PLAIN = "1.2.3"


class Checkout:
    """A project of our form in git."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        (folder / "edge_app").mkdir(parents=True)
        (folder / "pyproject.toml").write_text(f'[project]\nversion = "{PLAIN}"\n')
        (folder / ".gitignore").write_text("/dist/\n")
        self.git("init", "--quiet")
        self.commit("first")

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.invalid")
        done = subprocess.run(
            ["git", *who, *words], cwd=self.root, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, text: str) -> None:
        (self.root / "edge_app/module.py").write_text(f"# {text}\n")
        self.git("add", "--all")
        self.git("commit", "--quiet", f"--message={text}", "--date=2026-01-01T00:00:00Z")

    @property
    def version(self) -> str:
        return version_of(self.root)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
    return Checkout(tmp_path / "checkout")


def is_older(one: str, other: str) -> bool:
    compared = ["dpkg", "--compare-versions", f"{one}+deb13", "lt", f"{other}+deb13"]
    return subprocess.run(compared, check=False).returncode == 0


def test_each_commit_is_newer_to_apt_than_the_one_before(checkout: Checkout) -> None:
    versions = [PLAIN]
    for number in range(1, 12):
        versions.append(checkout.version)
        assert re.fullmatch(rf"1\.2\.3\+git{number}\.g[0-9a-f]{{8}}", versions[-1])
        assert str(Version(versions[-1])) == versions[-1]
        checkout.commit(f"hot fix {number}")
    assert all(is_older(one, other) for one, other in itertools.pairwise(versions))
    # The next release is newer than all of them.
    assert is_older(versions[-1], "1.2.4")


def test_two_clones_of_one_commit_say_the_same(checkout: Checkout, tmp_path: Path) -> None:
    checkout.git("clone", "--quiet", ".", str(tmp_path / "again"))
    assert version_of(tmp_path / "again") == checkout.version
    assert time_of(tmp_path / "again") == time_of(checkout.root) == 1_767_225_600


def test_a_changed_tree_says_so(checkout: Checkout) -> None:
    clean = checkout.version
    for file in ("dist/mien.deb", "mien.toml"):
        (checkout.root / file).parent.mkdir(exist_ok=True)
        (checkout.root / file).touch()
    assert checkout.version == clean, "neither comes into a package"
    new = checkout.root / "edge_app/new.py"
    new.touch()
    assert checkout.version == f"{clean}.dirty"
    new.unlink()
    (checkout.root / "edge_app/module.py").unlink()
    dirty = checkout.version
    assert dirty == f"{clean}.dirty"
    assert str(Version(dirty)) == dirty
    assert is_older(clean, dirty)
    checkout.commit("next")
    assert is_older(dirty, checkout.version)


def test_a_clone_that_cannot_count_says_so(checkout: Checkout, tmp_path: Path) -> None:
    checkout.commit("second")
    shallow = tmp_path / "shallow"
    checkout.git("clone", "--quiet", "--depth=1", f"file://{checkout.root}", str(shallow))
    assert version_of(shallow).startswith(f"{PLAIN}+git0.g")


def test_an_unpacked_archive_has_the_plain_version(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "mien.tar"
    checkout.git("archive", f"--output={archive}", "HEAD")
    # Once nowhere near git, once in a checkout of something else, once where git is missing.
    for place in (tmp_path / "plain", checkout.root / "below"):
        place.mkdir()
        subprocess.run(["tar", "--extract", f"--file={archive}", f"-C{place}"], check=True)
        assert version_of(place) == PLAIN
    assert time_of(tmp_path / "plain") == 1_767_225_600
    monkeypatch.setenv("PATH", str(tmp_path))
    assert version_of(checkout.root) == PLAIN


def test_what_is_installed_knows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_version("1.2.3+git4.g12345678", tmp_path)
    monkeypatch.setattr(version, "BUILD", tmp_path / version.BUILD.relative_to(ROOT))
    assert version.mien_version() == "1.2.3+git4.g12345678"
