"""What a package holds for each machine it is made for, as far as it needs no download."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest

from systemd.image import build as image_build
from systemd.packaging import build
from systemd.packaging.locked import lines_for
from systemd.packaging.target import MACHINES, SUITES, Target
from systemd.packaging.tree import build_wheel, copy_files

ROOT = Path(__file__).parents[2]
HERE = ROOT / "systemd/packaging"
TARGETS = [Target(suite, machine) for suite in SUITES for machine in MACHINES]


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_every_locked_package_that_a_device_needs_is_chosen(target: Target) -> None:
    lines = list(lines_for(target, ROOT / "requirements/device.txt", without=["numpy"]))
    names = [line.partition("==")[0] for line in lines]
    assert {"ai-edge-litert", "msgspec", "opencv-python-headless", "paho-mqtt"} <= set(names)
    assert not {"numpy", "colorama"} & set(names)  # Debian's, and Windows'
    assert len(names) == len(set(names))
    assert all(re.search(r" --hash=sha256:[0-9a-f]{64}", line) for line in lines)
    assert all(";" not in line for line in lines)


def test_markers_are_those_of_the_target_and_not_of_this_machine(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(
        "a==1 ; python_full_version < '3.12' \\\n    --hash=sha256:aa\n"
        "a==2 ; python_full_version >= '3.12' \\\n    --hash=sha256:bb\n"
        "b==3 ; platform_machine == 'aarch64' \\\n    --hash=sha256:cc \\\n    --hash=sha256:dd\n"
    )
    assert list(lines_for(Target("bookworm", "amd64"), lock)) == ["a==1 --hash=sha256:aa"]
    assert list(lines_for(Target("trixie", "arm64"), lock)) == [
        "a==2 --hash=sha256:bb",
        "b==3 --hash=sha256:cc --hash=sha256:dd",
    ]


def test_the_newer_release_has_the_newer_package() -> None:
    versions = [f"0.1.0+deb{Target(suite, 'arm64').release}" for suite in ("bookworm", "trixie")]
    compared = ["dpkg", "--compare-versions", versions[0], "lt", versions[1]]
    assert subprocess.run(compared, check=False).returncode == 0


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_no_file_of_the_package_is_anybodys_to_change(target: Target, tmp_path: Path) -> None:
    copy_files(target, tmp_path)
    # Of what lies in /etc, dpkg would ask which changes are to stay.
    assert [path.name for path in tmp_path.iterdir()] == ["usr"]
    shipped = tmp_path / "usr/share/mien/mien.toml"
    assert shipped.read_text() == (ROOT / "systemd/mien.toml").read_text()
    assert (tmp_path / "usr/lib/udev/rules.d/60-mien-led.rules").is_file()


def test_miens_own_wheel_is_built_with_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index could give any code as what builds it."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    assert build_wheel(tmp_path).name.startswith("mien-")


def test_pages_lead_to_pages_that_are_there(tmp_path: Path) -> None:
    copy_files(Target("trixie", "arm64"), tmp_path)
    pages = tmp_path / "usr/share/doc/mien"
    led = [
        (page.relative_to(pages), link)
        for page in pages.rglob("*.md")
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text())
        # Single measurements are for whoever has a clone.
        if not re.match(r"\w+:|\.\./benchmarks/results/", link)
    ]
    assert len(led) > 100
    assert [(page, link) for page, link in led if not (pages / page.parent / link).exists()] == []


def test_what_is_installed_names_pages_that_are_there(tmp_path: Path) -> None:
    copy_files(Target("trixie", "arm64"), tmp_path)
    sources = [*ROOT.glob("edge_app/**/*.py"), *ROOT.glob("systemd/**/*.*"), *HERE.iterdir()]
    named = {
        page
        for source in sources
        if source.is_file()
        for page in re.findall(r"/usr/share/doc/mien/[\w./-]+\w", source.read_text())
    }
    assert {"/usr/share/doc/mien/PRIVACY.md", "/usr/share/doc/mien/docs/image.md"} < named
    assert [page for page in named if not (tmp_path / page[1:]).is_file()] == []


@pytest.mark.parametrize("script", ["postinst", "prerm", "postrm"])
def test_maintainer_scripts_are_shell(script: str) -> None:
    text = (HERE / script).read_text()
    assert text.startswith("#!/bin/sh\n")
    assert "\nset -e\n" in text
    checked = subprocess.run(["sh", "-n"], input=text, text=True, check=False, capture_output=True)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("fails", [False, True])
def test_a_package_is_whole_or_not_there(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    fails: bool,
) -> None:
    def lay_out(_target: Target, _version: str, tree: Path) -> None:
        (tree / "usr/share/doc/mien").mkdir(parents=True)

    # Wheels come from the internet.
    monkeypatch.setattr(build, "lay_out", lay_out)
    if fails:
        half = tmp_path / "bin/dpkg-deb"
        half.parent.mkdir()
        half.write_text('#!/bin/sh\nfor last; do :; done\necho half >"$last"\nexit 1\n')
        half.chmod(0o755)
        monkeypatch.setenv("PATH", str(half.parent), prepend=os.pathsep)
    output = tmp_path / "dist"
    words = ["--suite", "trixie", "--architecture", "arm64", "--output", str(output)]
    if fails:
        assert build.main(words) == 1
        assert capsys.readouterr().err.startswith("dpkg-deb ")
        assert list(output.iterdir()) == []
        return
    assert build.main(words) == 0
    (package,) = output.iterdir()
    assert package.suffix == ".deb"
    subprocess.run(["dpkg-deb", "--contents", package], check=True, capture_output=True)


@pytest.mark.parametrize("module", [build, image_build], ids=lambda module: module.__name__)
def test_a_build_ends_at_ctrl_c(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_words: object, **_more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "build", interrupted)
    assert module.main(["--output", str(tmp_path)]) == 130


def test_packages_and_images_are_built_with_few_others() -> None:
    """All that .venv-build does not have is hidden."""
    kept = {
        *re.findall(r"^([\w-]+)==", (ROOT / "requirements/build.txt").read_text(), re.MULTILINE)
    }
    hidden = {
        module
        for module, owners in metadata.packages_distributions().items()
        if not {owner.lower() for owner in owners} & kept
    }
    assert {"numpy", "cv2", "tensorflow"} <= hidden
    program = f"""
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Hidden())
import systemd.image.build, systemd.image.flash, systemd.packaging.build
"""
    words = [sys.executable, "-c", program]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
