"""All settings, described here once: what reads them and docs/settings.md are made from it."""

from __future__ import annotations

import re
import socket
from typing import Annotated, Literal

import msgspec

from edge_app.events.payloads import PrivacyMode
from edge_app.events.requests import ReactionName, SummaryIntervalSeconds, TelemetryIntervalSeconds
from edge_app.mistakes import WORDS
from edge_app.settings_paths import PATH, PATH_OR_SCHEME


class DeviceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What this device is called."""

    name: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[A-Za-z0-9_-]{0,64}$(?!\n)",
            extra={WORDS: "letters, digits, _ and -, at most 64 of them"},
            description="Name in topics and events: letters, digits, `_` and `-`."
            " Empty: the host's name.",
        ),
    ] = ""


class CameraSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where frames come from."""

    source: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            extra={PATH_OR_SCHEME: True},
            description="The Raspberry Pi's own camera (`picamera2:`), a V4L2 camera"
            " (`/dev/video0`), a stream (`rtsp://user@host/path`, or `http://` for MJPEG), a video"
            " file, a folder of frames, or `sample:`, the clip that comes with Mien."
            " docs/sources.md says more.",
        ),
    ] = "/dev/video0"
    width: Annotated[
        int, msgspec.Meta(ge=1, le=8192, description="Width requested from a camera, in pixels.")
    ] = 640
    height: Annotated[
        int, msgspec.Meta(ge=1, le=8192, description="Height requested from a camera, in pixels.")
    ] = 480
    frames_per_second: Annotated[
        float,
        msgspec.Meta(
            ge=1,
            le=240,
            description="Frame rate requested from a camera. Below one frame a second nobody could"
            " be followed from one frame to the next.",
        ),
    ] = 15.0
    rotate: Annotated[
        Literal[0, 90, 180, 270],
        msgspec.Meta(
            description="By how many degrees to turn frames clockwise so that people stand"
            " upright: 180 for a camera that hangs upside down. Recordings are turned as well."
        ),
    ] = 0
    pace: Annotated[
        Literal["own", "fast"],
        msgspec.Meta(
            description="Play a recording at its `own` pace, or as `fast` as it can be read,"
            " without leaving out a frame."
        ),
    ] = "own"
    stall_s: Annotated[
        float,
        msgspec.Meta(
            ge=0.5,
            le=60,
            description="A camera or stream that gives no frame for this many seconds is reopened.",
        ),
    ] = 5.0
    frozen_s: (
        Annotated[
            float,
            msgspec.Meta(
                ge=1,
                le=86_400,
                description="A camera or stream that gives exactly the same picture for this many"
                " seconds is taken to be hung: everyone is reported to have left, and it is"
                " reopened. Not set: 30, and 300 for `rtsp://`, whose encoders may repeat the"
                " picture of a still room. Pictures without contrast may repeat.",
            ),
        ]
        | None
    ) = None
    password_file: Annotated[
        str,
        msgspec.Meta(
            extra={PATH: True},
            description="File whose first line is the password of the user in a stream's URL.",
        ),
    ] = ""


class PerceptionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How faces are read."""

    reaction: Annotated[
        ReactionName,
        msgspec.Meta(description="How quickly a change in a face becomes a change of its emotion."),
    ] = "normal"
    answer: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            description="Which of the model's answers to use: `default` generalizes best,"
            " `fer2013` names emotions as FER2013's labels do, `ferplus` as FER+'s voters do,"
            " including contempt.",
        ),
    ] = "default"
    network: Annotated[
        Literal["full", "small"],
        msgspec.Meta(
            description="The emotion network: `small` is less accurate and does a fraction of the"
            " work, for a Raspberry Pi Zero 2 W or many faces; README.md has the figures of both."
        ),
    ] = "full"
    threads: Annotated[
        int,
        msgspec.Meta(ge=1, le=16, description="Processor threads for each model, and for OpenCV."),
    ] = 1
    detections_per_second: Annotated[
        float,
        msgspec.Meta(
            gt=0,
            le=60,
            description="How often to search for faces while somebody is there: near where they"
            " were, and about once a second in the whole frame. In between they are followed.",
        ),
    ] = 5.0
    readings_per_second: Annotated[
        float,
        msgspec.Meta(
            gt=0,
            le=60,
            description="How often each face is read, at most. What it shows is averaged over at"
            " least a quarter of a second, so more readings add little.",
        ),
    ] = 10.0
    smallest_face: Annotated[
        float,
        msgspec.Meta(
            gt=0,
            le=1,
            description="Height of the smallest face that must be found, as a share of the frame's"
            " longer side. From 0.15 up the small detector suffices, at a quarter of the work;"
            " below 0.08 it takes `tiles`.",
        ),
    ] = 0.08
    tiles: Annotated[
        int,
        msgspec.Meta(
            ge=1,
            le=4,
            description="Also search for distant faces in overlapping tiles, this many per row and"
            " per column: 1 is off, 2 finds faces half as large for five times the work.",
        ),
    ] = 1


class ModelsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Models of your own, in place of those that come with Mien; docs/models.md says more."""

    directory: Annotated[
        str,
        msgspec.Meta(
            extra={PATH: True},
            description="Folder with any of `emotion.tflite`, `emotion_small.tflite`,"
            " `face_160.tflite` and `face_320.tflite`, each with its card; the rest are Mien's."
            " Empty: all are.",
        ),
    ] = ""
    trusted_key: Annotated[
        str,
        msgspec.Meta(
            extra={PATH: True},
            description="PEM file of the Ed25519 public key that the folder must be signed with."
            " Empty: Mien's own key, which Mien's own models are always checked against.",
        ),
    ] = ""
    require_signature: Annotated[
        bool,
        msgspec.Meta(
            description="Whether the folder must be signed. If not, whoever can write to it"
            " decides what the device sees in faces."
        ),
    ] = True

    def __post_init__(self) -> None:
        if not self.directory and (self.trusted_key or not self.require_signature):
            raise ValueError("trusted_key and require_signature need a directory of your own")
        if self.trusted_key and not self.require_signature:
            raise ValueError("trusted_key is of no use when require_signature is false")


class MqttSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where events go."""

    broker: Annotated[
        str,
        msgspec.Meta(
            description="`host`, `host:port`, `mqtt://user@host:port`, or `embedded`: a broker"
            " inside Mien, for trying things out. `mqtts://` is TLS, `ws://host:port/path` and"
            " `wss://` are websockets. Empty: events, or in the mode `aggregates` summaries, are"
            " printed on standard output; the installed service, which has none, refuses to start."
        ),
    ] = ""
    username_file: Annotated[
        str,
        msgspec.Meta(
            extra={PATH: True},
            description="File whose first line is the user, if `broker` names none. Empty: the"
            " systemd credential `mqtt-username`, if there is one.",
        ),
    ] = ""
    password_file: Annotated[
        str,
        msgspec.Meta(
            extra={PATH: True},
            description="File whose first line is the broker's password. Empty: the systemd"
            " credential `mqtt-password`, if there is one.",
        ),
    ] = ""
    ca_file: Annotated[
        str,
        msgspec.Meta(
            extra={PATH: True},
            description="PEM file of the CA that signed the broker's certificate. Empty: the CAs"
            " that the system trusts.",
        ),
    ] = ""
    certificate_file: Annotated[
        str,
        msgspec.Meta(
            extra={PATH: True},
            description="PEM file of this device's certificate, if the broker asks for one.",
        ),
    ] = ""
    key_file: Annotated[
        str,
        msgspec.Meta(
            extra={PATH: True},
            description="PEM file of the certificate's key, without a passphrase. Empty: the key"
            " is in `certificate_file`.",
        ),
    ] = ""


class PrivacySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be said about people."""

    mode: Annotated[
        PrivacyMode,
        msgspec.Meta(
            description="`full`: every event. `aggregates`: summaries only, nothing about a single"
            " face, and no request ends that. Where it is `full`, the request `privacy` may ask for"
            " `aggregates`, also for later starts, and take that back."
        ),
    ] = "full"
    purpose: Annotated[
        str,
        msgspec.Meta(
            max_length=200,
            # No control characters, and no line feed where `$` would allow a last one.
            pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)",
            extra={WORDS: "one line of text"},
            description="What Mien is used for, in your own words. By writing it you say that you"
            " have read PRIVACY.md and answer for the purpose; `mien setup` asks for it. With a"
            " settings file, no camera and no stream is opened without it."
            " docs/decisions/0007-purpose.md says why.",
        ),
    ] = ""


class SummarySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said of all faces together."""

    interval_s: Annotated[
        SummaryIntervalSeconds,
        msgspec.Meta(description="How often, in seconds. A power cut loses the current interval."),
    ] = 300
    minimum_group: Annotated[
        int,
        msgspec.Meta(
            ge=2,
            le=1000,
            description="In the mode `aggregates`, nothing is said about fewer faces than this,"
            " nor about an emotion shown almost only by one or two faces.",
        ),
    ] = 5


class TelemetrySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the device says about its own health."""

    interval_s: Annotated[
        TelemetryIntervalSeconds, msgspec.Meta(description="How often it is published, in seconds.")
    ] = 60


class GovernorSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When to look at fewer frames, so that the device stays cool; docs/tracking.md says how."""

    frames_per_second: Annotated[
        float,
        msgspec.Meta(
            ge=1,
            le=240,
            description="At most about this many frames are looked at per second; each may come a"
            " tenth early. No limit for a recording at the pace `fast`.",
        ),
    ] = 15.0
    temperature_c: Annotated[
        float,
        msgspec.Meta(
            ge=40,
            le=100,
            description="From this processor temperature on, the device slows down; the Raspberry"
            " Pi itself does so at 80.",
        ),
    ] = 75.0
    cpu_share: Annotated[
        float,
        msgspec.Meta(
            gt=0,
            le=64,
            description="More processor time than this also slows it down: 1 is one core, all the"
            " time.",
        ),
    ] = 4.0


class HomeAssistantSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the device appears in Home Assistant; docs/home-assistant.md says more."""

    discovery: Annotated[
        bool,
        msgspec.Meta(description="Whether the device announces itself, by one retained message."),
    ] = True
    prefix: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64})*$(?!\n)",
            extra={WORDS: "letters, digits, _ and -, 1 to 64 of them between slashes"},
            description="Home Assistant's discovery prefix.",
        ),
    ] = "homeassistant"


class OutboxSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where events wait for a broker; docs/decisions/0004-outbox.md says what that survives."""

    directory: Annotated[
        str,
        msgspec.Meta(
            extra={PATH: True},
            description="Folder on a disk. Empty: systemd's `$STATE_DIRECTORY`, or `mien` in the"
            " user's own state folder. The installed service can write to another one only with"
            " `ReadWritePaths=` in a drop-in for its unit; docs/device.md says how.",
        ),
    ] = ""
    max_events: Annotated[
        int,
        msgspec.Meta(
            ge=100, le=10_000_000, description="Beyond this many, the oldest are dropped."
        ),
    ] = 50_000
    max_megabytes: Annotated[
        int,
        msgspec.Meta(
            ge=1, le=100_000, description="The same for the total size of their payloads."
        ),
    ] = 64
    max_age_days: Annotated[
        float,
        msgspec.Meta(
            gt=0,
            le=3650,
            description="Older events are dropped; only time during which Mien runs counts.",
        ),
    ] = 30.0
    drain_per_s: Annotated[
        int,
        msgspec.Meta(
            ge=1,
            le=1000,
            description="How many late events are sent per second, alongside live ones.",
        ),
    ] = 400


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings; every one has a default."""

    device: DeviceSettings = msgspec.field(default_factory=DeviceSettings)
    camera: CameraSettings = msgspec.field(default_factory=CameraSettings)
    perception: PerceptionSettings = msgspec.field(default_factory=PerceptionSettings)
    models: ModelsSettings = msgspec.field(default_factory=ModelsSettings)
    mqtt: MqttSettings = msgspec.field(default_factory=MqttSettings)
    outbox: OutboxSettings = msgspec.field(default_factory=OutboxSettings)
    privacy: PrivacySettings = msgspec.field(default_factory=PrivacySettings)
    summary: SummarySettings = msgspec.field(default_factory=SummarySettings)
    telemetry: TelemetrySettings = msgspec.field(default_factory=TelemetrySettings)
    governor: GovernorSettings = msgspec.field(default_factory=GovernorSettings)
    home_assistant: HomeAssistantSettings = msgspec.field(default_factory=HomeAssistantSettings)

    @property
    def device_name(self) -> str:
        """The device's name, or what the host is called, in the letters that a topic takes."""
        host = re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname().partition(".")[0])[:64]
        return self.device.name or host or "mien"
