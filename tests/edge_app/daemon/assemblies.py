"""The parts of a daemon, joined as `mien run` joins them, with the sample clip as its source."""

from __future__ import annotations

import threading
from pathlib import Path

from edge_app.daemon.asked_models import load_perception
from edge_app.daemon.assembly import Assembly
from edge_app.daemon.camera_trouble import Troubles
from edge_app.daemon.kept_privacy import KeptPrivacy
from edge_app.events.publisher import Publisher
from edge_app.frames.hung import HungReaders
from edge_app.frames.video_file import VideoFileSource
from edge_app.health.notify import Notifier
from edge_app.perception.model_folder import ModelFolder
from edge_app.samples import CLIP
from edge_app.settings import PerceptionSettings, Settings


def assemble(
    settings: Settings, publisher: Publisher, source: VideoFileSource, state: Path
) -> Assembly:
    """state: the folder that its choices are kept in."""
    return Assembly(
        settings,
        perception=load_perception(PerceptionSettings(), ModelFolder()),
        publisher=publisher,
        source=source,
        open_source=lambda: source,
        check_settings=lambda: None,
        kept=KeptPrivacy(state, "d"),
        inbox=None,
        stop=threading.Event(),
        troubles=Troubles(),
        hung=HungReaders(),
        since_file=None,
        notifier=Notifier(""),
    )


def sample() -> VideoFileSource:
    """The clip, as fast as it is taken."""
    return VideoFileSource(CLIP, pace="fast")
