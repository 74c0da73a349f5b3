from __future__ import annotations

from importlib import metadata

from edge_app.doctor.finding import Finding
from edge_app.doctor.versions import check_versions

DEBIAN_11 = {"ID": "raspbian", "VERSION_ID": "11", "PRETTY_NAME": "Raspbian GNU/Linux 11"}


def check(**seams: object) -> dict[str, Finding]:
    return {finding.name: finding for finding in check_versions(**seams)}  # type: ignore[arg-type]


def version_but(**others: str | None) -> object:
    def version(name: str) -> str:
        wanted = others.get(name, "")
        if wanted is None:
            raise metadata.PackageNotFoundError(name)
        return wanted or metadata.version(name)

    return version


def test_this_installation() -> None:
    found = check(kernel=lambda: "6.12.34+rpt-rpi-v8")
    assert {"mien", "python", "numpy", "opencv-python-headless", "paho-mqtt", "msgspec"} < set(
        found
    )
    assert {"ai-edge-litert", "tflite-runtime"} & set(found)
    assert {each.verdict for each in found.values()} == {"ok"}
    assert found["numpy"].text == metadata.version("numpy")


def test_a_package_that_is_too_old() -> None:
    found = check(version=version_but(numpy="1.23.5"))
    assert (found["numpy"].verdict, found["numpy"].text) == (
        "warning",
        "1.23.5 is older than 1.24",
    )
    assert found["msgspec"].verdict == "ok"


def test_numbers_are_compared_not_letters() -> None:
    assert check(version=version_but(numpy="1.3"))["numpy"].verdict == "warning"
    assert check(version=version_but(numpy="10.0"))["numpy"].verdict == "ok"


def test_a_package_that_is_missing() -> None:
    assert check(version=version_but(msgspec=None))["msgspec"].verdict == "warning"


def test_an_old_system() -> None:
    found = check(kernel=lambda: "5.10.103-v7l+", os_release=lambda: DEBIAN_11)
    assert (found["kernel"].verdict, found["system"].verdict) == ("warning", "warning")


def test_a_system_without_a_name() -> None:
    def os_release() -> dict[str, str]:
        raise FileNotFoundError

    assert check(os_release=os_release)["system"].text == "this machine does not report it"
