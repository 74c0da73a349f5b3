from __future__ import annotations

from pathlib import Path

import pytest

from edge_app.doctor.credentials import SeenCredentials, see_credentials
from edge_app.settings import MqttSettings

WITH_USER = MqttSettings(broker="mqtt://desk@b.lan")


class Store:
    """Where systemd keeps the service's secrets."""

    def __init__(self, folder: Path) -> None:
        self.username, self.password = folder / "mien.mqtt-username", folder / "mien.mqtt-password"

    def see(
        self,
        mqtt: MqttSettings,
        environ: dict[str, str] | None = None,
        *,
        is_services: bool = True,
        in_force: str | None = None,
    ) -> SeenCredentials:
        return see_credentials(
            mqtt,
            environ or {},
            is_services=is_services,
            username=self.username,
            password=self.password,
            broker_in_force=in_force,
        )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def files(seen: SeenCredentials) -> tuple[Path | None, Path | None]:
    return seen.credentials.username_file, seen.credentials.password_file


def test_the_service_gets_what_systemd_would_hand_to_it(store: Store) -> None:
    assert files(store.see(WITH_USER)) == (None, None)
    store.username.touch()
    store.password.touch()
    assert files(store.see(MqttSettings(broker="b.lan"))) == (store.username, store.password)
    # The address comes first, as in `mien run`.
    assert files(store.see(WITH_USER)) == (None, store.password)
    assert store.see(WITH_USER).hidden is None


def test_what_the_settings_name_comes_first(store: Store) -> None:
    store.password.touch()
    own = MqttSettings(broker="b.lan", username_file="/user", password_file="/word")  # noqa: S106
    assert files(store.see(own)) == (Path("/user"), Path("/word"))


def test_other_settings_and_whoever_systemd_started_have_their_own(
    store: Store, tmp_path: Path
) -> None:
    store.password.touch()
    assert files(store.see(WITH_USER, is_services=False)) == (None, None)
    handed = tmp_path / "mqtt-password"
    handed.touch()
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert files(store.see(WITH_USER, environ)) == (None, handed)


@pytest.mark.parametrize(
    ("in_force", "is_shown"),
    [
        ("ws://desk@B.lan:8080", True),
        # Whoever listens on the way would read it.
        ("mqtts://desk@b.lan", False),
        ("mqtt://desk@c.lan", False),
        ("mqtt://hall@b.lan", False),
        ("", False),
    ],
)
def test_a_copy_with_another_broker_shows_it_no_password(
    store: Store, in_force: str, *, is_shown: bool
) -> None:
    assert store.see(WITH_USER, in_force=in_force).hidden is None
    store.password.touch()
    seen = store.see(WITH_USER, in_force=in_force)
    assert files(seen) == (None, store.password if is_shown else None)
    assert (seen.hidden, seen.is_anothers) == ((None if is_shown else store.password), not is_shown)


@pytest.mark.parametrize(
    "mqtt", [WITH_USER, MqttSettings(broker="b.lan"), MqttSettings(broker="mqtt://")]
)
def test_what_this_user_may_not_see_is_named(
    store: Store, mqtt: MqttSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    # Root may see everything.
    monkeypatch.setattr(Path, "open", refuse)
    seen = store.see(mqtt)
    assert files(seen) == (None, None)
    assert seen.hidden == (store.password if mqtt == WITH_USER else store.username)
