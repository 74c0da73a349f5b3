"""This checkout → the version and the time of what is built from it."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path

from systemd.packaging.tree import ROOT

#: Of these, what git does not know comes into a package, too.
_SHIPPED = ("benchmarks", "docs", "edge_app", "quantize", "systemd", "trainer")


def version_of(root: Path = ROOT) -> str:
    """As in 0.1.0+git482.g20e4b7d0, with `.dirty` where files differ from that commit.

    That is a version to Debian and to PEP 440, and to Debian a later commit's is the newer one. The
    number is 0 in a shallow clone, which cannot count. Outside of git, as in an unpacked archive,
    it is pyproject.toml's alone.
    """
    with (root / "pyproject.toml").open("rb") as stream:
        plain = str(tomllib.load(stream)["project"]["version"])
    try:
        # An archive may be unpacked in a checkout of something else.
        if Path(_git(root, "rev-parse", "--show-toplevel")).resolve() != root.resolve():
            return plain
        commit = _git(root, "rev-parse", "HEAD")[:8]
        is_shallow = _git(root, "rev-parse", "--is-shallow-repository") == "true"
        count = "0" if is_shallow else _git(root, "rev-list", "--count", "HEAD")
        is_dirty = _git(root, "status", "--porcelain", "--untracked-files=no") or _git(
            root, "ls-files", "--others", "--exclude-standard", "--", *_SHIPPED
        )
    except (OSError, subprocess.CalledProcessError):
        return plain
    return f"{plain}+git{count}.g{commit}{'.dirty' if is_dirty else ''}"


def time_of(root: Path = ROOT) -> int:
    """The time that every file gets: asked for, or the last commit's; seconds since 1970.

    Outside of git, that of pyproject.toml: an archive that git made has the commit's.
    """
    if asked := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(asked)
    try:
        return int(_git(root, "log", "-1", "--format=%ct"))
    except (OSError, subprocess.CalledProcessError):
        return int((root / "pyproject.toml").stat().st_mtime)


def _git(root: Path, *words: str) -> str:
    # Whoever builds as root works in another user's checkout.
    options = ("--no-optional-locks", "-c", f"safe.directory={root.resolve()}", "-C", str(root))
    done = subprocess.run(["git", *options, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()
