"""Wheels and the files of this repository → everything that a package puts on a device."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from edge_app.version import BUILD
from systemd.packaging.locked import lines_for
from systemd.packaging.target import Target

ROOT = Path(__file__).parents[2]
#: A virtual environment that sees Debian's own packages: picamera2, libcamera, NumPy.
HOME = "usr/lib/mien"
#: Debian's picamera2 has compiled parts for Debian's NumPy, and one process has one NumPy.
FROM_DEBIAN = ("numpy",)
#: The image's first start runs it. In the package, so that it is of the Mien that it imports.
FIRST_BOOT = f"{HOME}/first-boot"
_START = "import sys\n\nfrom first_boot.command import main\n\nsys.exit(main())\n"
#: Parts that no device uses: of GPUs and telephones, type stubs, pip's bookkeeping, scripts.
_UNUSED = (
    "ai_edge_litert/libLiteRtWebGpuAccelerator.so",
    "ai_edge_litert/vendors",
    "bin",
    "*.dist-info/RECORD",
    "*.dist-info/REQUESTED",
    "*.dist-info/INSTALLER",
    "*.dist-info/direct_url.json",
    "**/*.pyi",
)
_MODE = {"usr/bin/mien": 0o755}
_PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


def lay_out(target: Target, version: str, tree: Path) -> None:
    """Fill the folder `tree`, which is to become the target's root.

    version: what Mien will say it is.
    """
    packages = tree / HOME / "lib" / f"python{target.python}" / "site-packages"
    _install(target, packages)
    for pattern in _UNUSED:
        for path in sorted(packages.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    write_version(version, packages)
    (tree / HOME / "bin").mkdir()
    (tree / HOME / "bin/python3").symlink_to(f"../../../bin/python{target.python}")
    _write(
        tree / HOME / "pyvenv.cfg",
        "home = /usr/bin\ninclude-system-site-packages = true\n"
        f"version = {target.python}\nexecutable = /usr/bin/python{target.python}\n",
    )
    _write(
        tree / "usr/bin/mien",
        f"#!/{HOME}/bin/python3 -I\nimport sys\n\nfrom edge_app.cli import main\n\n"
        "sys.exit(main())\n",
    )
    copy_files(target, tree)


def write_version(version: str, packages: Path) -> None:
    """Let what is installed in the folder `packages` know what it was built from."""
    _write(packages / BUILD.relative_to(ROOT), f"{version}\n")


def copy_files(target: Target, tree: Path) -> None:
    """Put into `tree` what is copied from this repository as it is."""
    units, pages = tree / "usr/lib/systemd/system", tree / "usr/share/doc/mien"
    copies = {
        "systemd/mien.service": units / "mien.service",
        "systemd/mien.sysusers": tree / "usr/lib/sysusers.d/mien.conf",
        "systemd/mien-led.rules": tree / "usr/lib/udev/rules.d/60-mien-led.rules",
        "systemd/mien.toml": tree / "usr/share/mien/mien.toml",
        "systemd/packaging/lintian-overrides": tree / "usr/share/lintian/overrides/mien",
        "systemd/packaging/copyright": pages / "copyright",
    }
    # As they lie here, since they name each other, and messages name them so.
    docs = (str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*") if page.is_file())
    for page in ("CHANGELOG.md", "NOTICE", "PRIVACY.md", "README.md", *sorted(docs)):
        copies[page] = pages / page
    for option in sorted((ROOT / "systemd/optional").glob("*.conf")):
        copies[str(option.relative_to(ROOT))] = tree / "usr/share/mien/optional" / option.name
    # Only systemd 254 and later know what stands in it.
    if target.release >= 13:
        delay = "mien.service.d/growing-delay.conf"
        copies[f"systemd/{delay}"] = units / delay
    for program in sorted((ROOT / "systemd/image/first_boot").glob("*.py")):
        copies[str(program.relative_to(ROOT))] = tree / FIRST_BOOT / "first_boot" / program.name
    _write(tree / FIRST_BOOT / "__main__.py", _START)
    for source, copy in copies.items():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / source, copy)


def build_wheel(folder: Path) -> Path:
    """Put Mien's own wheel into `folder`, built by what requirements/backend.txt has installed.

    By itself pip would take what builds it from an index, held to no hash.
    """
    words = ("wheel", "--no-deps", "--no-build-isolation", f"-w{folder}", str(ROOT))
    subprocess.run([*_PIP, *words], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _install(target: Target, packages: Path) -> None:
    into = ["--no-deps", "--no-compile", f"--target={packages}", *target.pip_options]
    with tempfile.TemporaryDirectory(prefix="mien-deb-") as name:
        folder = Path(name)
        mien = build_wheel(folder)
        lines = [
            *lines_for(target, ROOT / "requirements/device.txt", without=FROM_DEBIAN),
            f"{mien} --hash=sha256:{hashlib.sha256(mien.read_bytes()).hexdigest()}",
        ]
        lock = folder / "requirements.txt"
        lock.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        subprocess.run([*_PIP, "install", "--require-hashes", f"-r{lock}", *into], check=True)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def settle(tree: Path) -> None:
    """Give files the same modes whatever the builder's umask."""
    for path in tree.rglob("*"):
        if not path.is_symlink():
            wanted = 0o755 if path.is_dir() else _MODE.get(str(path.relative_to(tree)), 0o644)
            path.chmod(wanted)
    tree.chmod(0o755)
