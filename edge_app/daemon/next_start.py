"""Settings of another start → whether it could begin its work; nothing that runs is disturbed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edge_app.daemon.asked_models import check_perception
from edge_app.errors import MienError
from edge_app.frames.setting import choose_source
from edge_app.from_settings import camera_options, credentials_of, model_folder, outbox_directory
from edge_app.installation.hearing import check_hearing
from edge_app.installation.purpose import missing_purpose
from edge_app.mqtt.address import BrokerAddress, Embedded, parse_broker
from edge_app.mqtt.outbox.disk import find_way
from edge_app.mqtt.outbox.place import outbox_file
from edge_app.settings import Settings


def check_next_start(
    settings: Settings, file: Path | None, environ: Mapping[str, str], *, running: Settings
) -> None:
    """Look for what `mien run` needs before it can be asked anything again.

    What may come later is not looked for: camera, broker and room on the disk. Whether a runtime
    takes the models, and whether they answer rightly, `mien doctor` finds out.

    file: where the settings come from. running: those that this process works with.

    Raises:
        MienError: it could not begin.
    """
    choose_source(settings.camera.source, options=camera_options(settings.camera))
    if (lacking := missing_purpose(settings, file)) is not None:
        raise MienError(lacking)
    check_hearing(settings, environ)
    check_perception(settings.perception, model_folder(settings.models))
    broker = parse_broker(settings.mqtt.broker)
    if isinstance(broker, Embedded):
        # Brings in asyncio, whose memory a device without such a broker keeps free.
        from edge_app.mqtt.embedded_broker import EmbeddedBroker  # noqa: PLC0415

        EmbeddedBroker(broker.port)
    elif broker is not None:
        credentials = credentials_of(settings.mqtt, environ)
        credentials.login(broker)
        credentials.context(broker)
        # Last: it makes a file, and a request that is refused must change nothing.
        _check_outbox(settings, environ, running)


def _check_outbox(settings: Settings, environ: Mapping[str, str], running: Settings) -> None:
    file, open_now = (
        outbox_file(outbox_directory(each.outbox, environ), each.device_name)
        for each in (settings, running)
    )
    # What is open here was found.
    is_open = isinstance(parse_broker(running.mqtt.broker), BrokerAddress)
    if not is_open or file.resolve() != open_now.resolve():
        find_way(file)
