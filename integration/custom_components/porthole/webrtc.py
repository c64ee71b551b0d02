"""One WebRTC session of a browser with the server, signalled over the server's `/api/ws?src=NAME`.

    → {"type": "webrtc", "value": {"type": "offer", "sdp": "v=0…", "ice_servers": […]}}
    ← {"type": "webrtc", "value": {"type": "answer", "sdp": "v=0…"}}
    ↔ {"type": "webrtc/candidate", "value": "candidate:…"}
    ← {"type": "error", "value": "webrtc: …"}

Media flow between browser and server; an established session ends with the browser's own connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import ClientError, ClientWebSocketResponse, WSMsgType
from homeassistant.components.camera import (
    WebRTCAnswer,
    WebRTCCandidate,
    WebRTCError,
    WebRTCSendMessage,
)
from homeassistant.core import callback
from homeassistant.util.json import json_loads
from webrtc_models import RTCIceCandidateInit, RTCIceServer

from .client import PortholeClient
from .errors import PortholeConnectionError, PortholeError
from .tokens import Tokens, allowance

_ERROR_CODE = "webrtc_offer_failed"


class WebrtcSession:
    """The signalling of one session; `run` serves it until either side closes."""

    def __init__(
        self,
        client: PortholeClient,
        tokens: Tokens,
        send_message: WebRTCSendMessage,
        ice_servers: list[RTCIceServer],
    ) -> None:
        """Begin without a connection; candidates wait for it."""
        self._client = client
        self._tokens = tokens
        self._send_message = send_message
        self._ice_servers = ice_servers
        self._outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._answered = False

    @callback
    def add_candidate(self, candidate: RTCIceCandidateInit) -> None:
        """Pass a candidate of the browser on, as soon as the socket is open."""
        self._outgoing.put_nowait(
            {"type": "webrtc/candidate", "value": candidate.candidate}
        )

    async def run(
        self, camera_id: str, stream: str, offer_sdp: str, closed: Callable[[], None]
    ) -> None:
        """Offer, and pass candidates both ways."""
        try:
            token = await self._tokens.get(camera_id, allowance(sends_audio(offer_sdp)))
            async with self._client.websocket("ws", {"src": stream}, token) as socket:
                await self._serve(socket, offer_sdp)
        except PortholeError as error:
            self._fail(str(error))
        finally:
            closed()

    async def _serve(self, socket: ClientWebSocketResponse, offer_sdp: str) -> None:
        offer: dict[str, Any] = {"type": "offer", "sdp": offer_sdp}
        if self._ice_servers:
            offer["ice_servers"] = [server.to_dict() for server in self._ice_servers]
        sender = asyncio.create_task(self._send(socket, offer))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._receive(message.data)
            raise PortholeConnectionError("the server closed the connection")
        finally:
            sender.cancel()

    async def _send(
        self, socket: ClientWebSocketResponse, offer: dict[str, Any]
    ) -> None:
        try:
            await socket.send_json({"type": "webrtc", "value": offer})
            while True:
                await socket.send_json(await self._outgoing.get())
        except ClientError, OSError:
            await socket.close()

    def _receive(self, text: str) -> None:
        try:
            message = json_loads(text)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        value = message.get("value")
        match message.get("type"), value:
            case "webrtc", {"type": "answer", "sdp": str(sdp)}:
                self._answered = True
                self._send_message(WebRTCAnswer(sdp))
            case "webrtc/candidate", str(candidate):
                # With a=mid nowhere said, a candidate of a bundle is that of its first section.
                self._send_message(
                    WebRTCCandidate(RTCIceCandidateInit(candidate, sdp_m_line_index=0))
                )
            case "error", str(reason):
                self._fail(reason)

    def _fail(self, reason: str) -> None:
        # What goes on without us needs no word from us.
        if not self._answered:
            self._answered = True
            self._send_message(WebRTCError(_ERROR_CODE, reason))


def sends_audio(sdp: str) -> bool:
    """Whether an offer wants to send sound: a microphone for the camera's loudspeaker."""
    for section in sdp.replace("\r\n", "\n").split("\nm=")[1:]:
        kind, *lines = section.split("\n")
        if kind.startswith("audio"):
            directions = {"a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"}
            direction = next((line for line in lines if line in directions), "")
            # RFC 8866: sendrecv where nothing is said
            if direction in ("", "a=sendrecv", "a=sendonly"):
                return True
    return False
