"""Cameras that are not the server's yet: what a search finds, and what a source turns out to be."""

from dataclasses import dataclass
from typing import Self

from .models import CameraError, Json, Track


@dataclass(frozen=True, slots=True)
class FoundSource:
    """An address at which a camera that was found can be opened."""

    source: str
    title: str | None
    role: str | None


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """A camera that the server found in its surroundings."""

    kind: str
    name: str
    address: str | None
    model: str | None
    sources: tuple[FoundSource, ...]
    credentials: bool
    camera: str | None
    hint: str | None

    @classmethod
    def parse(cls, raw: Json) -> Self:
        """Read an entry of `GET /api/scan`."""
        return cls(
            kind=str(raw["kind"]),
            name=str(raw["name"]),
            address=raw.get("address"),
            model=raw.get("model"),
            sources=tuple(
                FoundSource(
                    str(source["source"]), source.get("title"), source.get("role")
                )
                for source in raw.get("sources", ())
            ),
            credentials=bool(raw.get("credentials")),
            camera=raw.get("camera"),
            hint=raw.get("hint"),
        )


@dataclass(frozen=True, slots=True)
class Probe:
    """What a source turned out to be. `snapshot` is a `data:` URL of a JPEG."""

    source: str
    tracks: tuple[Track, ...]
    talk: bool
    snapshot: str | None
    error: CameraError | None

    @classmethod
    def parse(cls, raw: Json) -> Self:
        """Read the answer of `POST /api/probe`."""
        return cls(
            source=str(raw["source"]),
            tracks=tuple(Track.parse(track) for track in raw.get("tracks", ())),
            talk=bool(raw.get("talk")),
            snapshot=raw.get("snapshot"),
            error=CameraError.parse(raw["error"]) if raw.get("error") else None,
        )


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a search found; `error` says why it was nothing."""

    found: tuple[FoundCamera, ...]
    error: CameraError | None

    @classmethod
    def parse(cls, raw: Json) -> Self:
        """Read the answer of `/api/scan`."""
        return cls(
            tuple(FoundCamera.parse(camera) for camera in raw.get("found", ())),
            CameraError.parse(raw["error"]) if raw.get("error") else None,
        )
