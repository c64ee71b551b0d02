"""Home Assistant's own go2rtc client, driven by JSON lines: one call a line in, results and messages out.

    in   {"id": 1, "call": "streams.add", "args": ["cam", ["rtsp://…"]]}
    out  {"id": 1, "result": …}   {"id": 1, "error": "…"}   {"message": {"type": "answer", …}}

Calls of the REST client by their names; `ws.connect`, `ws.offer`, `ws.candidate`, `ws.close` for its websocket.
"""

import asyncio
import base64
import dataclasses
import json
import sys

import aiohttp
from go2rtc_client import Go2RtcRestClient
from go2rtc_client.ws import Go2RtcWsClient, WebRTCCandidate, WebRTCOffer
from webrtc_models import RTCIceServer


def plain(value):
    """What JSON can say of a result."""
    if dataclasses.is_dataclass(value):
        return {"kind": type(value).__name__, **dataclasses.asdict(value)}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (set, list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def say(message):
    print(json.dumps(message, default=str), flush=True)


class Bridge:
    def __init__(self, session, url):
        self.session = session
        self.url = url
        self.rest = Go2RtcRestClient(session, url)
        self.ws = None

    async def call(self, name, args, options):
        if name == "ws.connect":
            self.ws = Go2RtcWsClient(self.session, self.url, source=args[0])
            self.ws.subscribe(lambda message: say({"message": plain(message)}))
            return await self.ws.connect()
        if name == "ws.offer":
            servers = [RTCIceServer(urls=urls) for urls in options.get("ice_servers", [])]
            return await self.ws.send(WebRTCOffer(args[0], servers))
        if name == "ws.candidate":
            return await self.ws.send(WebRTCCandidate(args[0]))
        if name == "ws.close":
            return await self.ws.close()
        target = self.rest
        for part in name.split("."):
            target = getattr(target, part)
        return await target(*args, **options)


async def main(url):
    async with aiohttp.ClientSession() as session:
        bridge = Bridge(session, url)
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
        )
        async for line in lines:
            request = json.loads(line)
            try:
                result = await bridge.call(request["call"], request.get("args", []), request.get("options", {}))
                say({"id": request["id"], "result": plain(result)})
            except Exception as error:  # noqa: BLE001
                say({"id": request["id"], "error": f"{type(error).__name__}: {error} {error.__cause__ or ''}"})


asyncio.run(main(sys.argv[1]))
