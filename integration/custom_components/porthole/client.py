"""The client of the server's API (docs/api.md), over a session of Home Assistant.

    REST          JSON in and out; errors are a status and one sentence of text
    /api/events   WebSocket: {"type": "state" | "camera" | "removed" | "server" | "event", …}
    /api/ws       WebSocket: media and its signalling; see webrtc.py and views.py

Every method raises PortholeError, never anything of aiohttp.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSServerHandshakeError,
    encode_basic_auth,
    hdrs,
)
from yarl import URL

from .errors import (
    PortholeAuthError,
    PortholeConnectionError,
    PortholeError,
    PortholeNotFoundError,
    PortholeResponseError,
    PortholeVersionError,
)
from .found import Probe, ScanResult
from .messages import Message, parse, parse_object, parse_state, read_messages
from .models import CameraState, Json, State, Token

if TYPE_CHECKING:
    from aiohttp.typedefs import Query

TIMEOUT = ClientTimeout(total=10)
#: A camera has to be opened first.
OPEN_TIMEOUT = ClientTimeout(total=40)
#: For what has no end: only the answer must begin in time.
ENDLESS_TIMEOUT = ClientTimeout(total=None, sock_connect=10, sock_read=30)
PING_S = 20
#: Who does not answer a close is cut off.
WS_TIMEOUT = ClientWSTimeout(ws_close=2)
#: The text of an error is cut here.
MAX_ERROR_CHARACTERS = 500
MAX_MESSAGE_BYTES = 16 << 20


class PortholeClient:
    """One server and the credentials for it."""

    def __init__(
        self,
        session: ClientSession,
        url: str,
        username: str | None = None,
        password: str | None = None,
    ) -> None:
        """Remember where the server is; nothing is asked yet."""
        self.url = URL(url)
        self._session = session
        self._authorization = (
            encode_basic_auth(username or "", password) if password else None
        )

    async def state(self) -> State:
        """Ask for the server and its cameras. Raises PortholeVersionError when it speaks another API."""
        try:
            text = await self._text("GET", "cameras")
        except PortholeNotFoundError as error:
            # go2rtc, or a Porthole before this API
            raise PortholeVersionError(0, "") from error
        return parse_state(parse_object(text))

    async def put_camera(self, camera_id: str, changes: Json) -> CameraState:
        """Create a camera, or change what is named; None removes a member."""
        query = {"id": camera_id}
        text = await self._text("PUT", "cameras", query, changes, OPEN_TIMEOUT)
        return parse(CameraState.parse, parse_object(text))

    async def delete_camera(self, camera_id: str) -> None:
        """Delete a camera and its sub stream."""
        await self._text("DELETE", "cameras", {"id": camera_id})

    async def restart_camera(self, camera_id: str) -> None:
        """Close the sources of a camera and open them anew."""
        await self._text("POST", "cameras/restart", {"id": camera_id})

    async def send_event(self, camera_id: str, event: str, active: bool) -> None:
        """Tell of an event from outside."""
        await self._text(
            "POST",
            "cameras/event",
            {"id": camera_id},
            {"type": event, "active": active},
        )

    async def ptz(self, camera_id: str, movement: Json) -> None:
        """Move a camera: `{pan, tilt, zoom}` until the next call, or `{preset}`."""
        await self._text("POST", "cameras/ptz", {"id": camera_id}, movement)

    async def scan_kinds(self) -> dict[str, str]:
        """Ask what the server can look for: titles by kind."""
        text = await self._text("GET", "scan")
        return parse(
            lambda raw: {
                str(kind["kind"]): str(kind["title"]) for kind in raw["kinds"]
            },
            parse_object(text),
        )

    async def scan(self, kind: str) -> ScanResult:
        """Let the server look for cameras."""
        query = {"kind": kind}
        text = await self._text("GET", "scan", query, limit=OPEN_TIMEOUT)
        return parse(ScanResult.parse, parse_object(text))

    async def look_at(
        self, address: str, username: str | None, password: str | None
    ) -> ScanResult:
        """Ask an ONVIF device for its lenses and profiles."""
        body = _with_login({"address": address}, username, password)
        text = await self._text("POST", "scan", None, body, OPEN_TIMEOUT)
        return parse(ScanResult.parse, parse_object(text))

    async def probe(
        self, source: str, username: str | None = None, password: str | None = None
    ) -> Probe:
        """Let the server open a source for a moment."""
        body = _with_login({"source": source}, username, password)
        text = await self._text("POST", "probe", None, body, OPEN_TIMEOUT)
        return parse(Probe.parse, parse_object(text))

    async def create_token(
        self, stream: str, allow: Iterable[str], ttl_s: int
    ) -> Token:
        """Make a token for the media of one camera."""
        body = {"stream": stream, "allow": list(allow), "ttl_s": ttl_s}
        text = await self._text("POST", "tokens", None, body)
        return parse(Token.parse, parse_object(text))

    async def delete_token(self, token_id: str) -> None:
        """Make a token useless, and end what was opened with it."""
        await self._text("DELETE", "tokens", {"id": token_id})

    async def play(self, camera_id: str, source: str) -> None:
        """Play a source on the camera's loudspeaker; returns when it is heard. An empty source stops."""
        await self._text(
            "POST", "streams", {"dst": camera_id, "src": source}, None, OPEN_TIMEOUT
        )

    async def frame(
        self, stream: str, width: int | None = None, height: int | None = None
    ) -> bytes:
        """Take a picture as JPEG."""
        query: dict[str, str | int] = {"src": stream}
        # The server keeps the shape of the picture: it takes one side.
        if width:
            query["width"] = width
        elif height:
            query["height"] = height
        async with self.request(
            "GET", "frame.jpeg", query, limit=OPEN_TIMEOUT
        ) as response:
            return await response.read()

    @asynccontextmanager
    async def request(
        self,
        method: str,
        path: str,
        query: Query = None,
        body: Json | None = None,
        limit: ClientTimeout = TIMEOUT,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[ClientResponse]:
        """Send a request, with the password or with a token; the body is read by the caller."""
        headers = self._headers(headers, token)
        try:
            async with self._session.request(
                method,
                self.url / "api" / path,
                params=query,
                json=body,
                timeout=limit,
                headers=headers,
                allow_redirects=False,
            ) as response:
                if response.status >= 400:
                    raise _refusal(
                        response.status, await response.text(errors="replace")
                    )
                yield response
        except TimeoutError as error:
            raise PortholeConnectionError("no answer in time") from error
        except (ClientError, OSError) as error:
            raise PortholeConnectionError(_describe(error)) from error

    @asynccontextmanager
    async def websocket(
        self,
        path: str,
        query: Query = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[ClientWebSocketResponse]:
        """Open a WebSocket of the server, with the password or with a token."""
        headers = self._headers(headers, token)
        try:
            socket = await self._session.ws_connect(
                self.url / "api" / path,
                params=query,
                headers=headers,
                heartbeat=PING_S,
                timeout=WS_TIMEOUT,
                max_msg_size=MAX_MESSAGE_BYTES,
                # Media do not shrink.
                compress=0,
            )
        except WSServerHandshakeError as error:
            raise _refusal(error.status, error.message) from error
        except (ClientError, OSError, TimeoutError) as error:
            raise PortholeConnectionError(_describe(error)) from error
        try:
            yield socket
        finally:
            await socket.close()

    @asynccontextmanager
    async def events(self, version: str) -> AsyncIterator[AsyncIterator[Message]]:
        """Connect to `/api/events` as an integration of that version; the first message is the whole state."""
        async with self.websocket("events") as socket:
            try:
                await socket.send_json(
                    {"type": "hello", "client": "home-assistant", "version": version}
                )
            except (ClientError, OSError) as error:
                raise PortholeConnectionError(_describe(error)) from error
            yield read_messages(socket)

    def _headers(
        self, headers: Mapping[str, str] | None, token: str | None
    ) -> dict[str, str]:
        """Add the token, or else the password."""
        authorization = f"Bearer {token}" if token else self._authorization
        if authorization is None:
            return dict(headers or {})
        return {**(headers or {}), hdrs.AUTHORIZATION: authorization}

    async def _text(
        self,
        method: str,
        path: str,
        query: Query = None,
        body: Json | None = None,
        limit: ClientTimeout = TIMEOUT,
    ) -> str:
        async with self.request(method, path, query, body, limit) as response:
            return await response.text(errors="replace")


def _with_login(
    body: dict[str, str], username: str | None, password: str | None
) -> dict[str, str]:
    if username:
        return body | {"username": username, "password": password or ""}
    return body


def _refusal(status: int, text: str) -> PortholeError:
    message = text.strip()[:MAX_ERROR_CHARACTERS] or f"status {status}"
    if status in (401, 403):
        return PortholeAuthError(message)
    if status == 404:
        return PortholeNotFoundError(status, message)
    return PortholeResponseError(status, message)


def _describe(error: BaseException) -> str:
    return str(error) or type(error).__name__
