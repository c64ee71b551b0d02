"""Passes media of the server through Home Assistant: responses, and WebSockets both ways.

Back-pressure is that of the sockets: nothing is read from one side before the other side took what came before, and who does not take
anything for `STUCK_S` is left.
"""

import asyncio
from collections.abc import Callable, Mapping
import logging
from typing import Final

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientWebSocketResponse,
    WSMessage,
    WSMsgType,
    hdrs,
    web,
)

from .client import ENDLESS_TIMEOUT
from .coordinator import PortholeCoordinator
from .errors import (
    PortholeConnectionError,
    PortholeError,
    PortholeResponseError,
)
from .tokens import allowance

_LOGGER = logging.getLogger(__name__)

#: A peer that takes nothing for so long is left.
STUCK_S: Final = 15
PING_S: Final = 30
#: The server's own limit for what clients send.
MAX_CLIENT_BYTES: Final = 256 << 10

CLOSE_SERVER_LOST: Final = 1001
CLOSE_FAILED: Final = 1011
CLOSE_FORBIDDEN: Final = 4403
CLOSE_NOT_FOUND: Final = 4404
CLOSE_SLOW: Final = 4429
#: A close frame has room for 125 bytes, two of them the code.
_MAX_REASON_BYTES = 123

_PASSED_HEADERS: Final = (
    hdrs.CONTENT_TYPE,
    hdrs.CONTENT_LENGTH,
    hdrs.CACHE_CONTROL,
    hdrs.PRAGMA,
)

#: Looks at a text message; a code and a reason refuse it and close the socket.
type Inspect = Callable[[str], tuple[int, str] | None]


async def async_pass_response(
    coordinator: PortholeCoordinator,
    camera_id: str,
    request: web.Request,
    path: str,
    query: Mapping[str, str],
) -> web.StreamResponse:
    """Answer a request with what the server answers for a camera. Raises web.HTTPException."""
    try:
        token = await coordinator.tokens.get(camera_id)
        async with coordinator.client.request(
            "GET",
            path,
            query,
            limit=ENDLESS_TIMEOUT,
            token=token,
            headers=forwarded(request),
        ) as response:
            return await async_pass_body(request, response)
    except PortholeError as error:
        raise http_error(error) from error


async def async_pass_body(
    request: web.Request, source: ClientResponse
) -> web.StreamResponse:
    """Pass on the status, a few headers and the body."""
    response = web.StreamResponse(
        status=source.status,
        headers={
            name: source.headers[name]
            for name in _PASSED_HEADERS
            if name in source.headers
        },
    )
    await response.prepare(request)
    # From here on the answer has begun: an error can only end it.
    try:
        async for chunk in source.content.iter_any():
            async with asyncio.timeout(STUCK_S):
                await response.write(chunk)
        await response.write_eof()
    except ClientError, ConnectionError, TimeoutError:
        _abort(request)
    return response


def forwarded(request: web.Request) -> dict[str, str]:
    """Name who asks, for the server's list of viewers; it is not this machine, which may do everything."""
    return {
        hdrs.X_FORWARDED_FOR: request.remote or "unknown",
        hdrs.USER_AGENT: request.headers.get(hdrs.USER_AGENT, "Home Assistant"),
    }


def http_error(error: PortholeError) -> web.HTTPException:
    """Say in HTTP what the server refused; its words are for the user."""
    if isinstance(error, PortholeResponseError):
        known = {400: web.HTTPBadRequest, 404: web.HTTPNotFound}
        return known.get(error.status, web.HTTPBadGateway)(text=str(error))
    return web.HTTPBadGateway(text=str(error))


async def async_pass_websocket(
    coordinator: PortholeCoordinator,
    camera_id: str,
    stream: str,
    request: web.Request,
    *,
    talk: bool,
    inspect_client: Inspect,
    inspect_server: Callable[[str], None],
) -> web.WebSocketResponse:
    """Connect a browser with the server's `/api/ws` until either of them closes."""
    browser = web.WebSocketResponse(
        heartbeat=PING_S, max_msg_size=MAX_CLIENT_BYTES, compress=False
    )
    await browser.prepare(request)
    code, reason = CLOSE_SERVER_LOST, "server lost"
    try:
        token = await coordinator.tokens.get(camera_id, allowance(talk))
        async with coordinator.client.websocket(
            "ws", {"src": stream}, token, forwarded(request)
        ) as server:
            code, reason = await _join(browser, server, inspect_client, inspect_server)
    except PortholeConnectionError:
        pass
    except PortholeError as error:
        code, reason = CLOSE_FAILED, str(error)
        if isinstance(error, PortholeResponseError) and error.status == 404:
            code = CLOSE_NOT_FOUND
    except TimeoutError:
        code, reason = CLOSE_SLOW, "too slow"
    try:
        async with asyncio.timeout(STUCK_S):
            await browser.close(code=code, message=_cut(reason))
    except TimeoutError:
        _abort(request)
    return browser


def _abort(request: web.Request) -> None:
    """Cut a connection whose answer cannot be completed, so that it does not look complete."""
    if request.transport is not None:
        request.transport.abort()


async def _join(
    browser: web.WebSocketResponse,
    server: ClientWebSocketResponse,
    inspect_client: Inspect,
    inspect_server: Callable[[str], None],
) -> tuple[int, str]:
    """Pass messages both ways. Returns how to close the browser's side; raises TimeoutError when a side is stuck."""

    async def from_browser() -> tuple[int, str]:
        async for message in browser:
            if message.type is WSMsgType.TEXT:
                if refusal := inspect_client(message.data):
                    return refusal
                await server.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await server.send_bytes(message.data)
        return 1000, ""

    async def from_server() -> tuple[int, str]:
        async for message in server:
            async with asyncio.timeout(STUCK_S):
                await _to_browser(message)
        if server.close_code == CLOSE_FAILED:
            return CLOSE_FAILED, "the server failed"
        return CLOSE_SERVER_LOST, "server lost"

    async def _to_browser(message: WSMessage) -> None:
        if message.type is WSMsgType.BINARY:
            await browser.send_bytes(message.data)
        elif message.type is WSMsgType.TEXT:
            inspect_server(message.data)
            await browser.send_str(message.data)

    tasks = [asyncio.create_task(from_browser()), asyncio.create_task(from_server())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    except ClientError, ConnectionError:
        return CLOSE_SERVER_LOST, "server lost"
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _cut(reason: str) -> bytes:
    """Fit a reason into a close frame, without half a letter at its end."""
    return reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore").encode()
