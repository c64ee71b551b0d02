"""The client of the server's API (docs/api.md), over a session of Home Assistant.

    REST          JSON in and out; errors are a status and one sentence of text
    /api/events   WebSocket: {"type": "state" | "camera" | "removed" | "server" | "event", …}
    /api/ws       WebSocket: media and its signalling; see webrtc.py and views.py

Every method raises PortholeError, never anything of aiohttp.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSMsgType,
    WSServerHandshakeError,
    encode_basic_auth,
    hdrs,
)
from homeassistant.util.json import json_loads
from yarl import URL

from .const import API_VERSION
from .errors import (
    PortholeAuthError,
    PortholeConnectionError,
    PortholeError,
    PortholeNotFoundError,
    PortholeResponseError,
    PortholeVersionError,
)
from .models import (
    CameraEvent,
    CameraState,
    FoundCamera,
    Json,
    Probe,
    Server,
    State,
    Token,
)

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
#: A picture or a text of an error may not be larger.
MAX_ERROR_CHARACTERS = 500
MAX_MESSAGE_BYTES = 16 << 20

#: One message of `/api/events`: the whole state, a camera, the id of one that is gone, the server, an event.
type Message = State | CameraState | str | Server | CameraEvent


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
            raw = await self._json("GET", "cameras")
        except PortholeNotFoundError as error:
            # go2rtc, or a Porthole before this API
            raise PortholeVersionError(0, "") from error
        return parse_state(raw)

    async def put_camera(self, camera_id: str, changes: Json) -> CameraState:
        """Create a camera, or change what is named; None removes a member."""
        return _parse(
            CameraState.parse,
            await self._json(
                "PUT", "cameras", {"id": camera_id}, changes, OPEN_TIMEOUT
            ),
        )

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
        raw = await self._json("GET", "scan")
        return _parse(
            lambda kinds: {str(kind["kind"]): str(kind["title"]) for kind in kinds},
            raw["kinds"],
        )

    async def scan(self, kind: str) -> list[FoundCamera]:
        """Let the server look for cameras."""
        raw = await self._json("GET", "scan", {"kind": kind}, limit=OPEN_TIMEOUT)
        return _parse(
            lambda found: [FoundCamera.parse(camera) for camera in found], raw["found"]
        )

    async def look_at(
        self, address: str, username: str | None, password: str | None
    ) -> tuple[list[FoundCamera], str | None]:
        """Ask an ONVIF device for its lenses and profiles; the second value says why there are none."""
        raw = await self._json(
            "POST",
            "scan",
            None,
            _with_login({"address": address}, username, password),
            OPEN_TIMEOUT,
        )
        error = raw.get("error")
        return (
            _parse(
                lambda found: [FoundCamera.parse(camera) for camera in found],
                raw.get("found", []),
            ),
            str(error.get("message")) if isinstance(error, dict) else None,
        )

    async def probe(
        self, source: str, username: str | None = None, password: str | None = None
    ) -> Probe:
        """Let the server open a source for a moment."""
        body = _with_login({"source": source}, username, password)
        return _parse(
            Probe.parse,
            await self._json("POST", "probe", None, body, OPEN_TIMEOUT),
        )

    async def create_token(
        self, stream: str, allow: Iterable[str], ttl_s: int
    ) -> Token:
        """Make a token for the media of one camera."""
        body = {"stream": stream, "allow": list(allow), "ttl_s": ttl_s}
        return _parse(Token.parse, await self._json("POST", "tokens", None, body))

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
            yield _messages(socket)

    def _headers(
        self, headers: Mapping[str, str] | None, token: str | None
    ) -> dict[str, str]:
        """Add the token, or else the password."""
        authorization = f"Bearer {token}" if token else self._authorization
        if authorization is None:
            return dict(headers or {})
        return {**(headers or {}), hdrs.AUTHORIZATION: authorization}

    async def _json(
        self,
        method: str,
        path: str,
        query: Query = None,
        body: Json | None = None,
        limit: ClientTimeout = TIMEOUT,
    ) -> dict[str, Any]:
        text = await self._text(method, path, query, body, limit)
        try:
            value = json_loads(text)
        except ValueError as error:
            raise PortholeError("the answer is not JSON") from error
        if not isinstance(value, dict):
            raise PortholeError("the answer is not an object")
        return value

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


def parse_state(raw: Json) -> State:
    """Read the whole state. Raises PortholeVersionError before anything else is looked at."""
    server = raw.get("server")
    api = server.get("api") if isinstance(server, dict) else None
    if api != API_VERSION:
        version = str(server.get("version", "")) if isinstance(server, dict) else ""
        raise PortholeVersionError(api if isinstance(api, int) else 0, version)
    return _parse(State.parse, raw)


async def _messages(socket: ClientWebSocketResponse) -> AsyncIterator[Message]:
    """Read messages until the socket closes. Those of types that are not known are left out."""
    async for message in socket:
        if message.type is WSMsgType.ERROR:
            break
        if message.type is not WSMsgType.TEXT:
            continue
        try:
            raw = json_loads(message.data)
        except ValueError as error:
            raise PortholeError("a message is not JSON") from error
        if isinstance(raw, dict) and (parsed := _parse_message(raw)) is not None:
            yield parsed
    raise PortholeConnectionError("the server closed the connection")


def _parse_message(raw: Json) -> Message | None:
    match raw.get("type"):
        case "state":
            return parse_state(raw)
        case "camera":
            return _parse(CameraState.parse, raw.get("camera"))
        case "removed":
            return str(raw.get("id"))
        case "server":
            return _parse(Server.parse, raw.get("server"))
        case "event":
            return _parse(CameraEvent.parse, raw)
    return None


def _parse[T](parse: Callable[[Any], T], raw: Any) -> T:
    try:
        parsed = parse(raw)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise PortholeError(f"the answer makes no sense: {error!r}") from error
    return parsed


def _refusal(status: int, text: str) -> PortholeError:
    message = text.strip()[:MAX_ERROR_CHARACTERS] or f"status {status}"
    if status in (401, 403):
        return PortholeAuthError(message)
    if status == 404:
        return PortholeNotFoundError(status, message)
    return PortholeResponseError(status, message)


def _describe(error: BaseException) -> str:
    return str(error) or type(error).__name__
