"""What is shipped: sizes, the unit's exposure, and the package's trials."""

from __future__ import annotations

import re
import subprocess

import pytest

from systemd.image.xz_size import unpacked_size
from tests.device.boot.image import ROOT
from tests.device.boot.results import Results

_MB = 1e6


def test_the_units_exposure(results: Results) -> None:
    unit = str(ROOT / "systemd/mien.service")
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    said = re.search(r"exposure level for mien.service: ([\d.]+)", done.stdout)
    assert said is not None, done.stderr
    results.add_figures(exposure_offline=float(said[1]))


def test_the_sizes_of_package_and_image(results: Results) -> None:
    packages, images = (
        [*(ROOT / "dist").glob(f"mien_*{end}")]
        for end in ("+deb13_arm64.deb", "_arm64_trixie.img.xz")
    )
    if not packages or not images:
        pytest.skip("dist/ holds no package or no image: make deb, make image")
    package, image = (max(each, key=lambda f: f.stat().st_mtime) for each in (packages, images))
    results.add_figures(
        packed_mb=round(package.stat().st_size / _MB, 1),
        image_packed_mb=round(image.stat().st_size / _MB),
        image_mb=round(unpacked_size(image) / _MB),
    )


def test_the_packages_trials(results: Results) -> None:
    """What try_debs.sh left behind: a file for each root that a package was clean in."""
    tried = sorted(file.stem for file in (ROOT / "build/deb").glob("*.tried"))
    if not tried:
        pytest.skip("no package was tried: systemd/packaging/try_debs.sh")
    results.add_figures(tried=[name.replace("-", " ") for name in tried])
