"""The picture and sound of a camera: WebRTC through the server, RTSP for Home Assistant's own stream worker, JPEGs."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import override

from aiohttp import web
from homeassistant.components.camera import (
    Camera,
    CameraEntityCapabilities,
    CameraEntityDescription,
    CameraEntityFeature,
    WebRTCSendMessage,
)
from homeassistant.components.web_rtc import async_get_ice_servers
from homeassistant.core import callback
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.event import async_track_time_interval
from webrtc_models import RTCIceCandidateInit
from yarl import URL

from .const import KEY_CAMERA
from .coordinator import PortholeCoordinator
from .entity import PortholeEntity
from .entity_kinds import EntityKind, setup_platform
from .errors import PortholeError
from .models import CameraState, CameraStatus
from .proxy import async_pass_response
from .tokens import LIFE_S
from .webrtc import WebrtcSession

PARALLEL_UPDATES = 0

#: A picture that is not wider than this comes from the sub stream.
_SMALL_PIXELS = 640
_RENEW_INTERVAL = timedelta(seconds=LIFE_S / 2)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class PortholeCamera(PortholeEntity, Camera):
    """A camera of the server."""

    _attr_supported_features = CameraEntityFeature.STREAM | CameraEntityFeature.ON_OFF
    _attr_brand = "Porthole"

    def __init__(
        self,
        coordinator: PortholeCoordinator,
        camera: CameraState,
        description: EntityDescription,
    ) -> None:
        """Begin without sessions."""
        super().__init__(coordinator, camera, description)
        self._sessions: dict[str, WebrtcSession] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._was_connected = coordinator.available
        self._take(camera)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(
            async_track_time_interval(self.hass, self._renew_source, _RENEW_INTERVAL)
        )
        self.async_on_remove(self._end_sessions)

    @callback
    @override
    def _changed(self) -> None:
        self._take(self.state_of_camera)
        connected = self.coordinator.available
        if connected and not self._was_connected and self.stream is not None:
            # The old token went with the old process.
            self.coordinator.entry.async_create_task(self.hass, self._restart_stream())
        self._was_connected = connected
        super()._changed()

    def _take(self, camera: CameraState) -> None:
        """Show what the server told."""
        self._attr_is_on = camera.enabled
        self._attr_is_streaming = camera.status is CameraStatus.LIVE
        self._attr_camera_entity_capabilities = CameraEntityCapabilities(
            two_way_audio=camera.talk is True
        )

    @override
    async def async_camera_image(
        self, width: int | None = None, height: int | None = None
    ) -> bytes | None:
        small = width is not None and width <= _SMALL_PIXELS
        stream = self.coordinator.stream_of(self.state_of_camera, small=small)
        return await self.ask(self.coordinator.client.frame(stream, width, height))

    @override
    async def handle_async_mjpeg_stream(
        self, request: web.Request
    ) -> web.StreamResponse | None:
        stream = self.coordinator.stream_of(self.state_of_camera, small=True)
        return await async_pass_response(
            self.coordinator, self.camera_id, request, "stream.mjpeg", {"src": stream}
        )

    @override
    async def stream_source(self) -> str | None:
        if not self.state_of_camera.enabled:
            return None
        return await self.ask(self._new_source())

    async def _new_source(self) -> str:
        """Address the stream: by RTSP where the server offers it to this machine, else as MPEG-TS over HTTP. Raises PortholeError."""
        token = await self.coordinator.tokens.get(self.camera_id)
        # As `auth`, which the stream worker masks where it logs the address.
        stream = self.coordinator.stream_of(self.state_of_camera)
        server = self.coordinator.state.server
        url = self.coordinator.client.url
        host = url.host or ""
        listens = URL(f"//{server.rtsp}").host if server.rtsp else None
        if server.rtsp_port and (listens not in _LOOPBACK or host in _LOOPBACK):
            rtsp = URL.build(
                scheme="rtsp", host=host, port=server.rtsp_port, path=f"/{stream}"
            )
            return str(rtsp.with_query(auth=token))
        http = url / "api" / "stream.ts"
        return str(http.with_query(src=stream, auth=token))

    async def _renew_source(self, _: datetime) -> None:
        """Give the stream worker a token for the next time that it connects; what it has open goes on."""
        if self.stream is None or not self.coordinator.available:
            return
        with suppress(PortholeError):
            source = await self._new_source()
            if self.stream is not None:
                self.stream.source = source

    async def _restart_stream(self) -> None:
        with suppress(PortholeError):
            source = await self._new_source()
            if self.stream is not None:
                self.stream.update_source(source)

    @override
    async def async_turn_on(self) -> None:
        await self.enable(True)

    @override
    async def async_turn_off(self) -> None:
        await self.enable(False)

    @override
    async def async_handle_async_webrtc_offer(
        self, offer_sdp: str, session_id: str, send_message: WebRTCSendMessage
    ) -> None:
        coordinator = self.coordinator
        session = WebrtcSession(
            coordinator.client,
            coordinator.tokens,
            send_message,
            list(async_get_ice_servers(self.hass)),
        )
        self._sessions[session_id] = session
        self._tasks[session_id] = coordinator.entry.async_create_background_task(
            self.hass,
            session.run(
                self.camera_id,
                coordinator.stream_of(self.state_of_camera),
                offer_sdp,
                partial(self._forget_session, session_id),
            ),
            f"porthole webrtc {self.entity_id}",
        )

    @override
    async def async_on_webrtc_candidate(
        self, session_id: str, candidate: RTCIceCandidateInit
    ) -> None:
        # One that comes late is for a session that is gone.
        if session := self._sessions.get(session_id):
            session.add_candidate(candidate)

    @callback
    @override
    def close_webrtc_session(self, session_id: str) -> None:
        self._sessions.pop(session_id, None)
        if task := self._tasks.pop(session_id, None):
            task.cancel()

    @callback
    def _forget_session(self, session_id: str) -> None:
        self._sessions.pop(session_id, None)
        self._tasks.pop(session_id, None)

    @callback
    def _end_sessions(self) -> None:
        for session_id in list(self._tasks):
            self.close_webrtc_session(session_id)


async_setup_entry = setup_platform(
    EntityKind(PortholeCamera, CameraEntityDescription(key=KEY_CAMERA, name=None))
)
