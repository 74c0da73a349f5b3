"""Whose a settings file is: the installed service's, or a user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_app.installation import service


def test_what_lies_beside_the_services_settings_is_the_services(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(service, "SERVICE_SETTINGS", tmp_path / "etc/mien.toml")
    # Kept elsewhere, as on a root that is read-only.
    (tmp_path / "etc/mien.toml").symlink_to(tmp_path / "data/real.toml")
    monkeypatch.chdir(tmp_path / "etc")
    for file in ("mien.toml", "next.toml", "../etc/next.toml", tmp_path / "data/real.toml"):
        assert service.is_services(Path(file)), file
    for file in ("../next.toml", "models/mien.toml", tmp_path / "data/next.toml"):
        assert not service.is_services(Path(file)), file
