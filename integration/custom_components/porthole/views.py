"""HTTP for dashboards: media of the cameras, by paths that Home Assistant signs (docs/card-api.md).

/api/porthole/{entry_id}/ws?src=              WebSocket to the server's /api/ws
/api/porthole/{entry_id}/frame.jpeg?src=      a picture
/api/porthole/{entry_id}/stream.mjpeg?src=    pictures
/api/porthole/{entry_id}/stream.m3u8?src=     the first playlist of HLS
/api/porthole/{entry_id}/hls/{name}?id=       what it names; known by its id alone, as players cannot sign
/api/porthole/preview/{key}                   a picture for a form
"""

from collections import OrderedDict
import re
from time import monotonic
from typing import Final

from aiohttp import web
from homeassistant.components.http import (
    KEY_HASS,
    KEY_HASS_USER,
    HomeAssistantView,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.json import json_loads

from .access import CameraAccess, access_by_stream, loaded_entry
from .const import DOMAIN
from .errors import PortholeError
from .proxy import (
    CLOSE_FORBIDDEN,
    async_pass_response,
    async_pass_websocket,
    forwarded,
    http_error,
)
from .webrtc import sends_audio

PREVIEWS: HassKey[OrderedDict[str, bytes]] = HassKey(f"{DOMAIN}_previews")
HLS_IDS: HassKey[HlsIds] = HassKey(f"{DOMAIN}_hls")

#: Codecs of HLS that every browser's fragmented MP4 may hold.
HLS_QUERY: Final = {"mp4": "flac"}
_MAX_PREVIEWS = 16
_HLS_NAMES = frozenset({"playlist.m3u8", "init.mp4", "segment.m4s", "segment.ts"})
_HLS_PARAMETERS = ("id", "n", "part", "_HLS_msn", "_HLS_part", "_HLS_skip")
_HLS_ID = re.compile(r"[?&]id=([\w-]+)")


class HlsIds:
    """The ids of HLS viewers that went out through here, and whose they are: no other id reaches a server."""

    LIFE_S: Final = 120
    MAXIMUM: Final = 256

    def __init__(self) -> None:
        """Begin without any."""
        self._known: OrderedDict[str, tuple[str, str, float]] = OrderedDict()

    def learn(self, entry_id: str, camera_id: str, playlist: str) -> None:
        """Read the ids of a first playlist."""
        for hls_id in _HLS_ID.findall(playlist):
            self._keep(hls_id, entry_id, camera_id)

    def camera_of(self, entry_id: str, hls_id: str) -> str | None:
        """Name the camera of an id that is in use."""
        known_entry, camera_id, until = self._known.get(hls_id, ("", "", 0.0))
        if known_entry != entry_id or until < monotonic():
            return None
        self._keep(hls_id, entry_id, camera_id)
        return camera_id

    def _keep(self, hls_id: str, entry_id: str, camera_id: str) -> None:
        self._known[hls_id] = (entry_id, camera_id, monotonic() + self.LIFE_S)
        self._known.move_to_end(hls_id)
        while len(self._known) > self.MAXIMUM:
            self._known.popitem(last=False)


@callback
def async_register_views(hass: HomeAssistant) -> None:
    """Register all views."""
    hass.data[PREVIEWS] = OrderedDict()
    hass.data[HLS_IDS] = HlsIds()
    for view in (
        WebSocketView,
        FrameView,
        MjpegView,
        PlaylistView,
        HlsView,
        PreviewView,
    ):
        hass.http.register_view(view())


@callback
def async_keep_preview(hass: HomeAssistant, key: str, jpeg: bytes) -> str:
    """Keep a picture for a form for a while; returns its path, to be signed."""
    previews = hass.data[PREVIEWS]
    previews[key] = jpeg
    while len(previews) > _MAX_PREVIEWS:
        previews.popitem(last=False)
    return f"/api/{DOMAIN}/preview/{key}"


def _require(request: web.Request, entry_id: str) -> CameraAccess:
    """Find the camera of `src`. Raises web.HTTPNotFound, also for those who may not see it."""
    access = access_by_stream(
        request.app[KEY_HASS],
        request[KEY_HASS_USER],
        entry_id,
        request.query.get("src", ""),
    )
    if access is None:
        raise web.HTTPNotFound(text="no such camera")
    return access


class WebSocketView(HomeAssistantView):
    """Signalling and media over a WebSocket."""

    url = f"/api/{DOMAIN}/{{entry_id}}/ws"
    name = f"api:{DOMAIN}:ws"

    async def get(self, request: web.Request, entry_id: str) -> web.StreamResponse:
        """Connect."""
        access = _require(request, entry_id)
        ids = request.app[KEY_HASS].data[HLS_IDS]

        def inspect_client(text: str) -> tuple[int, str] | None:
            if not access.control and offers_sound(text):
                return CLOSE_FORBIDDEN, "this user may not talk"
            return None

        def inspect_server(text: str) -> None:
            if '"hls"' in text:
                ids.learn(entry_id, access.camera.id, text)

        return await async_pass_websocket(
            access.coordinator,
            access.camera.id,
            request.query["src"],
            request,
            talk=access.control,
            inspect_client=inspect_client,
            inspect_server=inspect_server,
        )


def offers_sound(text: str) -> bool:
    """Whether a message of a client is an offer that sends a microphone."""
    try:
        message = json_loads(text)
    except ValueError:
        return False
    match message:
        case {"type": "webrtc", "value": {"sdp": str(sdp)}}:
            return sends_audio(sdp)
        case {"type": "webrtc/offer", "value": str(sdp)}:
            return sends_audio(sdp)
    return False


class FrameView(HomeAssistantView):
    """One picture."""

    url = f"/api/{DOMAIN}/{{entry_id}}/frame.jpeg"
    name = f"api:{DOMAIN}:frame"

    async def get(self, request: web.Request, entry_id: str) -> web.StreamResponse:
        """Take it."""
        access = _require(request, entry_id)
        query = {
            name: request.query[name]
            for name in ("src", "width", "height")
            if name in request.query
        }
        return await async_pass_response(
            access.coordinator, access.camera.id, request, "frame.jpeg", query
        )


class MjpegView(HomeAssistantView):
    """Pictures, one after the other."""

    url = f"/api/{DOMAIN}/{{entry_id}}/stream.mjpeg"
    name = f"api:{DOMAIN}:mjpeg"

    async def get(self, request: web.Request, entry_id: str) -> web.StreamResponse:
        """Stream them."""
        access = _require(request, entry_id)
        return await async_pass_response(
            access.coordinator,
            access.camera.id,
            request,
            "stream.mjpeg",
            {"src": request.query["src"]},
        )


class PlaylistView(HomeAssistantView):
    """The first playlist of HLS; its addresses are relative to itself, so they come back to HlsView."""

    url = f"/api/{DOMAIN}/{{entry_id}}/stream.m3u8"
    name = f"api:{DOMAIN}:playlist"

    async def get(self, request: web.Request, entry_id: str) -> web.StreamResponse:
        """Begin to watch."""
        access = _require(request, entry_id)
        coordinator = access.coordinator
        try:
            token = await coordinator.tokens.get(access.camera.id)
            async with coordinator.client.request(
                "GET",
                "stream.m3u8",
                {"src": request.query["src"], **HLS_QUERY},
                token=token,
                headers=forwarded(request),
            ) as response:
                playlist = await response.text()
                content_type = response.content_type
        except PortholeError as error:
            raise http_error(error) from error
        ids = request.app[KEY_HASS].data[HLS_IDS]
        ids.learn(entry_id, access.camera.id, playlist)
        return web.Response(
            text=playlist,
            content_type=content_type,
            headers={"Cache-Control": "no-cache"},
        )


class HlsView(HomeAssistantView):
    """Playlists and segments of a viewer."""

    url = f"/api/{DOMAIN}/{{entry_id}}/hls/{{name}}"
    name = f"api:{DOMAIN}:hls"
    requires_auth = False

    async def get(
        self, request: web.Request, entry_id: str, name: str
    ) -> web.StreamResponse:
        """Send one of them."""
        hass = request.app[KEY_HASS]
        camera_id = hass.data[HLS_IDS].camera_of(entry_id, request.query.get("id", ""))
        entry = loaded_entry(hass, entry_id)
        if name not in _HLS_NAMES or camera_id is None or entry is None:
            raise web.HTTPNotFound
        query = {
            name: request.query[name]
            for name in _HLS_PARAMETERS
            if name in request.query
        }
        return await async_pass_response(
            entry.runtime_data, camera_id, request, f"hls/{name}", query
        )


class PreviewView(HomeAssistantView):
    """The picture that a probe took, for the form that asks whether it is the right camera."""

    url = f"/api/{DOMAIN}/preview/{{key}}"
    name = f"api:{DOMAIN}:preview"

    async def get(self, request: web.Request, key: str) -> web.Response:
        """Send it."""
        jpeg = request.app[KEY_HASS].data[PREVIEWS].get(key)
        if jpeg is None or not request[KEY_HASS_USER].is_admin:
            raise web.HTTPNotFound
        return web.Response(
            body=jpeg,
            content_type="image/jpeg",
            headers={"Cache-Control": "private, no-store"},
        )
