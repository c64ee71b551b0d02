"""Tries a camera before it is added: whether it works, what it sends, and a picture for the form that asks if it is the right one."""

from base64 import b64decode
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_urlsafe
from typing import Final

from homeassistant.components.http.auth import async_sign_path
from homeassistant.core import HomeAssistant, callback

from .client import PortholeClient
from .errors import PortholeError
from .found import Probe
from .views import async_keep_preview

_PREVIEW_LASTS: Final = timedelta(minutes=10)
_JPEG: Final = "data:image/jpeg;base64,"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A camera that works. `picture` is Markdown, empty where there is no picture."""

    source: str
    sub_source: str | None
    tracks: str
    picture: str


async def async_try_camera(
    hass: HomeAssistant,
    client: PortholeClient,
    source: str,
    sub_source: str | None = None,
    username: str | None = None,
    password: str | None = None,
) -> Candidate:
    """Let the server open the sources for a moment. Raises PortholeError when the main one does not work."""
    probe = await client.probe(source, username, password)
    if probe.error is not None:
        raise PortholeError(probe.error.message)
    sub = await client.probe(sub_source, username, password) if sub_source else None
    return Candidate(
        probe.source,
        # A sub stream that does not work is no reason to do without the camera.
        sub.source if sub and not sub.error else None,
        _describe_tracks(probe),
        _keep_picture(hass, probe),
    )


@callback
def _keep_picture(hass: HomeAssistant, probe: Probe) -> str:
    if not probe.snapshot or not probe.snapshot.startswith(_JPEG):
        return ""
    try:
        jpeg = b64decode(probe.snapshot.removeprefix(_JPEG), validate=True)
    except ValueError:
        return ""
    path = async_keep_preview(hass, token_urlsafe(16), jpeg)
    return f"![]({async_sign_path(hass, path, _PREVIEW_LASTS)})"


def _describe_tracks(probe: Probe) -> str:
    parts = []
    for track in probe.tracks:
        size = f" {track.width}×{track.height}" if track.width else ""
        parts.append(f"{track.codec.upper()}{size}")
    if probe.talk:
        parts.append("🎤")
    return " · ".join(parts)
