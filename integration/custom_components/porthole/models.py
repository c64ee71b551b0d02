"""What the server tells of itself and of its cameras (docs/api.md), as immutable values.

The server leaves out what it does not know; so everything but the names is optional here, and members that this version
does not know are kept in `raw`, which the card gets as it came.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

type Json = Mapping[str, Any]


class CameraStatus(StrEnum):
    """What a camera does right now."""

    DISABLED = "disabled"
    IDLE = "idle"
    CONNECTING = "connecting"
    LIVE = "live"
    ASLEEP = "asleep"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CameraError:
    """Why a camera last failed. `since` is milliseconds since 1970."""

    code: str
    message: str
    since: int

    @classmethod
    def parse(cls, raw: Json) -> Self:
        """Read what the server sent."""
        return cls(str(raw["code"]), str(raw["message"]), int(raw.get("since", 0)))


@dataclass(frozen=True, slots=True)
class Track:
    """An elementary stream of a camera."""

    kind: str
    codec: str
    width: int | None = None
    height: int | None = None

    @classmethod
    def parse(cls, raw: Json) -> Self:
        """Read what the server sent."""
        return cls(
            str(raw["kind"]), str(raw["codec"]), raw.get("width"), raw.get("height")
        )


@dataclass(frozen=True, slots=True)
class Ptz:
    """What of a camera can be moved."""

    move: bool
    zoom: bool
    presets: tuple[str, ...]

    @classmethod
    def parse(cls, raw: Json) -> Self:
        """Read what the server sent."""
        return cls(
            bool(raw.get("move")),
            bool(raw.get("zoom")),
            tuple(str(name) for name in raw.get("presets", ())),
        )


@dataclass(frozen=True, slots=True)
class CameraState:
    """A camera of the server."""

    id: str
    name: str
    area: str | None
    sub: str | None
    enabled: bool
    doorbell: bool
    status: CameraStatus
    error: CameraError | None
    tracks: tuple[Track, ...]
    viewers: int
    bitrate: int | None
    fps: float | None
    talk: bool | None
    playing: bool | None
    ptz: Ptz | None
    events: frozenset[str]
    motion: bool | None
    raw: Json

    @classmethod
    def parse(cls, raw: Json) -> Self:
        """Read what the server sent; raises KeyError, ValueError or TypeError when it is not a camera."""
        return cls(
            id=str(raw["id"]),
            name=str(raw.get("name") or raw["id"]),
            area=raw.get("area"),
            sub=raw.get("sub"),
            enabled=bool(raw.get("enabled", True)),
            doorbell=bool(raw.get("doorbell", False)),
            status=CameraStatus(raw["status"]),
            error=CameraError.parse(raw["error"]) if raw.get("error") else None,
            tracks=tuple(Track.parse(track) for track in raw.get("tracks", ())),
            viewers=int(raw.get("viewers", 0)),
            bitrate=raw.get("bitrate"),
            fps=raw.get("fps"),
            talk=raw.get("talk"),
            playing=raw.get("playing"),
            ptz=Ptz.parse(raw["ptz"]) if raw.get("ptz") else None,
            events=frozenset(str(name) for name in raw.get("events", ())),
            motion=raw.get("motion"),
            raw=raw,
        )

    @property
    def video(self) -> Track | None:
        """The picture's track."""
        return next((track for track in self.tracks if track.kind == "video"), None)

    @property
    def audio(self) -> Track | None:
        """The sound's track."""
        return next((track for track in self.tracks if track.kind == "audio"), None)

    @property
    def rings(self) -> bool:
        """Whether it is a doorbell."""
        return self.doorbell or "ring" in self.events


@dataclass(frozen=True, slots=True)
class IntegrationState:
    """What the add-on knows of this integration's files."""

    installed: str | None
    bundled: str | None
    restart_required: bool

    @classmethod
    def parse(cls, raw: Json) -> Self:
        """Read what the server sent."""
        return cls(
            raw.get("installed"), raw.get("bundled"), bool(raw.get("restart_required"))
        )


@dataclass(frozen=True, slots=True)
class Server:
    """The server itself."""

    id: str
    version: str
    api: int
    rtsp: str | None
    webrtc_port: int | None
    webrtc_reachable: bool | None
    warnings: tuple[str, ...]
    integration: IntegrationState | None
    addon: bool
    raw: Json

    @classmethod
    def parse(cls, raw: Json) -> Self:
        """Read what the server sent; raises KeyError, ValueError or TypeError when it is not a server."""
        webrtc = raw.get("webrtc") or {}
        return cls(
            id=str(raw["id"]),
            version=str(raw["version"]),
            api=int(raw["api"]),
            rtsp=raw.get("rtsp"),
            webrtc_port=webrtc.get("port"),
            webrtc_reachable=webrtc.get("reachable"),
            warnings=tuple(str(text) for text in raw.get("warnings", ())),
            integration=IntegrationState.parse(raw["integration"])
            if raw.get("integration")
            else None,
            addon=bool(raw.get("addon")),
            raw=raw,
        )

    @property
    def rtsp_port(self) -> int | None:
        """The port of RTSP, or None when it is off."""
        port = (self.rtsp or "").rpartition(":")[2]
        return int(port) if port.isdecimal() else None


@dataclass(frozen=True, slots=True)
class State:
    """Everything the server told so far."""

    server: Server
    cameras: Mapping[str, CameraState]

    @classmethod
    def parse(cls, raw: Json) -> Self:
        """Read `GET /api/cameras`, or the first message of `/api/events`."""
        cameras = [CameraState.parse(camera) for camera in raw["cameras"]]
        return cls(
            Server.parse(raw["server"]), {camera.id: camera for camera in cameras}
        )


@dataclass(frozen=True, slots=True)
class CameraEvent:
    """Something that a camera noticed. `time` is milliseconds since 1970."""

    camera: str
    event: str
    active: bool
    time: int

    @classmethod
    def parse(cls, raw: Json) -> Self:
        """Read a message of `/api/events`."""
        return cls(
            str(raw["id"]),
            str(raw["event"]),
            bool(raw.get("active", True)),
            int(raw.get("time", 0)),
        )


@dataclass(frozen=True, slots=True)
class Token:
    """What opens the media of one camera. `expires` is milliseconds since 1970."""

    id: str
    token: str
    expires: int

    @classmethod
    def parse(cls, raw: Json) -> Self:
        """Read the answer of `POST /api/tokens`."""
        return cls(str(raw["id"]), str(raw["token"]), int(raw["expires"]))
