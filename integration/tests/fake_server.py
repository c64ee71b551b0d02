"""A Porthole server as docs/api.md describes it, in the hands of a test."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any, Self

from aiohttp import WSCloseCode, WSMsgType, encode_basic_auth, web
from aiohttp.test_utils import TestServer

SERVER_ID = "5e7f3c1a-0b5d-4f0e-9a62-000000000001"
USERNAME = "homeassistant"
PASSWORD = "secret-of-the-server"
JPEG = b"\xff\xd8 a picture \xff\xd9"
ANSWER = "v=0\r\nanswer"
CANDIDATE = "candidate:1 1 udp 2130706431 192.168.77.2 8555 typ host"
PLAYLIST = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhls/playlist.m3u8?id=abc-123_X\n"
MP4 = b"a clip, " * 1000


def camera(camera_id: str, **members: Any) -> dict[str, Any]:
    """Make the state of a camera."""
    return {
        "id": camera_id,
        "name": camera_id.replace("_", " ").capitalize(),
        "enabled": True,
        "doorbell": False,
        "status": "idle",
        "tracks": [],
        "viewers": 0,
        "transcoding": 0,
        "events": [],
        "reconnects": 0,
        **members,
    }


def front_door(**members: Any) -> dict[str, Any]:
    """Make a doorbell that can do everything."""
    return camera(
        "front_door",
        **{
            "sub": "front_door_sub",
            "doorbell": True,
            "status": "live",
            "tracks": [
                {
                    "id": 1,
                    "kind": "video",
                    "codec": "hevc",
                    "width": 2560,
                    "height": 1440,
                },
                {"id": 2, "kind": "audio", "codec": "aac", "sample_rate": 16000},
            ],
            "viewers": 2,
            "bitrate": 3_932_000,
            "fps": 25,
            "talk": True,
            "ptz": {"move": True, "zoom": False, "presets": ["Door"]},
            "events": ["motion", "ring"],
            "motion": False,
            **members,
        },
    )


class FakeServer:
    """The server. Tests change `server` and `cameras`, push messages, and look at `requests`."""

    def __init__(self) -> None:
        self.server: dict[str, Any] = {
            "id": SERVER_ID,
            "version": "0.1.0",
            "api": 1,
            "started": 1_764_260_000_000,
            "rtsp": "0.0.0.0:8554",
            "webrtc": {"port": 8555, "reachable": True},
            "warnings": [],
            "conflicts": [],
            "role": "admin",
            "addon": False,
        }
        self.cameras: dict[str, dict[str, Any]] = {
            state["id"]: state for state in (front_door(), camera("garden"))
        }
        #: Method, path, query and body of each request that changes something.
        self.requests: list[tuple[str, str, dict[str, str], Any]] = []
        #: Answers in place of the usual ones: status and text by path.
        self.refusals: dict[str, tuple[int, str]] = {}
        self.password: str | None = PASSWORD
        self.hellos: list[dict[str, Any]] = []
        self.tokens: dict[str, dict[str, Any]] = {}
        self.offers: list[dict[str, Any]] = []
        self.candidates: list[str] = []
        #: What media sockets got, and what serves one instead of `_signal`.
        self.socket_texts: list[str] = []
        self.serve_socket: Callable[[web.WebSocketResponse], Awaitable[None]] | None = (
            None
        )
        self.media_headers: list[dict[str, str]] = []
        #: The path of media whose answer is cut in the middle.
        self.cut: str | None = None
        self.kinds = [{"kind": "onvif", "title": "ONVIF"}]
        self.found: list[dict[str, Any]] = []
        self.lenses: dict[str, Any] = {"found": []}
        self.probes: dict[str, dict[str, Any]] = {}
        self._events: set[web.WebSocketResponse] = set()
        self._media: set[web.WebSocketResponse] = set()
        self._test_server: TestServer | None = None
        self._port = 0
        self._connected = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, on the same port as before."""
        app = web.Application(middlewares=[self._admit])
        app.add_routes(
            [
                web.get("/api/cameras", self._list),
                web.put("/api/cameras", self._put),
                web.delete("/api/cameras", self._delete),
                web.post("/api/cameras/{action}", self._act),
                web.get("/api/scan", self._scan),
                web.post("/api/scan", self._look_at),
                web.post("/api/probe", self._probe),
                web.post("/api/tokens", self._token),
                web.delete("/api/tokens", self._revoke),
                web.post("/api/streams", self._play),
                web.get("/api/events", self._push_events),
                web.get("/api/ws", self._media_socket),
                web.get("/api/frame.jpeg", self._media_file),
                web.get("/api/stream.mjpeg", self._media_file),
                web.get("/api/stream.mp4", self._media_file),
                web.get("/api/stream.m3u8", self._media_file),
                web.get("/api/hls/{name}", self._media_file),
            ]
        )
        self._connected.clear()
        self._test_server = TestServer(app, port=self._port or None)
        await self._test_server.start_server()
        assert self._test_server.port
        self._port = self._test_server.port

    async def stop(self) -> None:
        """End, as a process does: everything open is cut."""
        for socket in {*self._events, *self._media}:
            await socket.close(code=WSCloseCode.GOING_AWAY)
        if self._test_server:
            await self._test_server.close()
            self._test_server = None
        self.tokens.clear()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def state(self) -> dict[str, Any]:
        """All it tells."""
        return {"server": self.server, "cameras": list(self.cameras.values())}

    @property
    def listening(self) -> int:
        """How many clients are told of changes."""
        return len(self._events)

    async def connected(self) -> None:
        """Wait until a client listens."""
        async with asyncio.timeout(5):
            await self._connected.wait()

    async def push(self, message: dict[str, Any]) -> None:
        """Send a message to all who listen."""
        for socket in self._events:
            await socket.send_json(message)

    async def push_camera(self, camera_id: str, **members: Any) -> None:
        """Change a camera, or make one, and tell."""
        before = self.cameras.get(camera_id) or camera(camera_id)
        self.cameras[camera_id] = {**before, **members}
        await self.push({"type": "camera", "camera": self.cameras[camera_id]})

    async def push_server(self, **members: Any) -> None:
        """Change the server, and tell."""
        self.server = {**self.server, **members}
        await self.push({"type": "server", "server": self.server})

    async def cut_media(self, code: int = WSCloseCode.GOING_AWAY) -> None:
        """Close all media sockets."""
        for socket in list(self._media):
            await socket.close(code=code)

    def asked(self, method: str, path: str) -> list[tuple[dict[str, str], Any]]:
        """Find the queries and bodies of requests."""
        return [
            (query, body)
            for each, where, query, body in self.requests
            if (each, where) == (method, path)
        ]

    @web.middleware
    async def _admit(self, request: web.Request, handler: Any) -> web.StreamResponse:
        path = request.path.removeprefix("/api/")
        authorization = request.headers.get("Authorization", "")
        bearer = authorization.removeprefix("Bearer ")
        granted = self.tokens.get(bearer)
        if granted is not None:
            allowed = request.query.get("src", granted["stream"])
            if not allowed.startswith(granted["stream"]):
                return web.Response(status=403, text="not the token's camera\n")
        elif self.password is not None:
            expected = encode_basic_auth(USERNAME, self.password)
            if authorization != expected:
                return web.Response(status=401, text="unauthorized\n")
        if path in self.refusals:
            status, text = self.refusals[path]
            return web.Response(status=status, text=text)
        if request.method != "GET":
            body = await request.json() if request.can_read_body else None
            request["body"] = body
            self.requests.append((request.method, path, dict(request.query), body))
        response: web.StreamResponse = await handler(request)
        return response

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response(self.state)

    async def _put(self, request: web.Request) -> web.Response:
        camera_id = request.query["id"]
        changes = {
            key: value
            for key, value in request["body"].items()
            if key not in ("sources", "sub_sources")
        }
        await self.push_camera(camera_id, **changes)
        return web.json_response(self.cameras[camera_id])

    async def _delete(self, request: web.Request) -> web.Response:
        self.cameras.pop(request.query["id"])
        await self.push({"type": "removed", "id": request.query["id"]})
        return web.Response()

    async def _act(self, _: web.Request) -> web.Response:
        return web.json_response({})

    async def _scan(self, request: web.Request) -> web.Response:
        if "kind" not in request.query:
            return web.json_response({"kinds": self.kinds})
        return web.json_response({"found": self.found})

    async def _look_at(self, _: web.Request) -> web.Response:
        return web.json_response(self.lenses)

    async def _probe(self, request: web.Request) -> web.Response:
        source = request["body"]["source"]
        return web.json_response(self.probes.get(source) or good_probe(source))

    async def _token(self, request: web.Request) -> web.Response:
        token = f"token-{len(self.requests)}"
        self.tokens[token] = request["body"]
        return web.json_response({"token": token, "id": f"id-{token}", "expires": 0})

    async def _revoke(self, request: web.Request) -> web.Response:
        self.tokens.pop(request.query["id"].removeprefix("id-"), None)
        return web.Response()

    async def _play(self, _: web.Request) -> web.Response:
        return web.json_response({})

    async def _push_events(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "state", **self.state})
        self._events.add(socket)
        try:
            async for message in socket:
                self.hellos.append(message.json())
                self._connected.set()
        finally:
            self._events.discard(socket)
        return socket

    async def _media_socket(self, request: web.Request) -> web.WebSocketResponse:
        self.media_headers.append(dict(request.headers))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._media.add(socket)
        try:
            await (self.serve_socket or self._signal)(socket)
        finally:
            self._media.discard(socket)
        return socket

    async def _signal(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                await socket.send_bytes(message.data[::-1])
                continue
            self.socket_texts.append(message.data)
            value = message.json()
            if value["type"] == "webrtc":
                self.offers.append(value["value"])
                answer = {"type": "answer", "sdp": ANSWER}
                await socket.send_json({"type": "webrtc", "value": answer})
                await socket.send_json({"type": "webrtc/candidate", "value": CANDIDATE})
            elif value["type"] == "webrtc/candidate":
                self.candidates.append(value["value"])
            elif value["type"] == "hls":
                await socket.send_json({"type": "hls", "value": PLAYLIST})

    async def _media_file(self, request: web.Request) -> web.StreamResponse:
        self.media_headers.append(dict(request.headers))
        path = request.path.removeprefix("/api/")
        self.requests.append(("GET", path, dict(request.query), None))
        if path == self.cut:
            half = web.StreamResponse(headers={"Content-Length": "1000"})
            await half.prepare(request)
            await half.write(JPEG)
            assert request.transport
            request.transport.close()
            return half
        bodies = {
            "frame.jpeg": (JPEG, "image/jpeg"),
            "stream.mjpeg": (JPEG, "multipart/x-mixed-replace"),
            "stream.mp4": (MP4, "video/mp4"),
            "stream.m3u8": (PLAYLIST.encode(), "application/vnd.apple.mpegurl"),
        }
        body, content_type = bodies.get(path, (path.encode(), "video/mp4"))
        return web.Response(body=body, content_type=content_type)


def good_probe(source: str) -> dict[str, Any]:
    """Make the answer to a probe that works."""
    return {
        "source": source,
        "tracks": [
            {"kind": "video", "codec": "h264", "width": 1920, "height": 1080},
            {"kind": "audio", "codec": "aac"},
        ],
        "talk": True,
        "snapshot": f"data:image/jpeg;base64,{b64encode(JPEG).decode()}",
    }
