"""Reads what the server answers and pushes. Whatever makes no sense is a PortholeError."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import ClientWebSocketResponse, WSMsgType
from homeassistant.util.json import json_loads

from .const import API_VERSION
from .errors import PortholeConnectionError, PortholeError, PortholeVersionError
from .models import CameraEvent, CameraState, Json, Server, State

#: One message of `/api/events`: the whole state, a camera, the id of one that is gone, the server, an event.
type Message = State | CameraState | str | Server | CameraEvent


def parse_object(text: str) -> dict[str, Any]:
    """Read a JSON object."""
    try:
        value = json_loads(text)
    except ValueError as error:
        raise PortholeError("the answer is not JSON") from error
    if not isinstance(value, dict):
        raise PortholeError("the answer is not an object")
    return value


def parse_state(raw: Json) -> State:
    """Read the whole state. Raises PortholeVersionError before anything else is looked at."""
    server = raw.get("server")
    api = server.get("api") if isinstance(server, dict) else None
    if api != API_VERSION:
        version = str(server.get("version", "")) if isinstance(server, dict) else ""
        raise PortholeVersionError(api if isinstance(api, int) else 0, version)
    return parse(State.parse, raw)


async def read_messages(socket: ClientWebSocketResponse) -> AsyncIterator[Message]:
    """Read messages until the socket closes. Those of types that are not known are left out."""
    async for message in socket:
        if message.type is WSMsgType.ERROR:
            break
        if message.type is not WSMsgType.TEXT:
            continue
        if (parsed := _parse_message(parse_object(message.data))) is not None:
            yield parsed
    raise PortholeConnectionError("the server closed the connection")


def _parse_message(raw: Json) -> Message | None:
    match raw.get("type"):
        case "state":
            return parse_state(raw)
        case "camera":
            return parse(CameraState.parse, raw.get("camera"))
        case "removed":
            return str(raw.get("id"))
        case "server":
            return parse(Server.parse, raw.get("server"))
        case "event":
            return parse(CameraEvent.parse, raw)
    return None


def parse[T](read: Callable[[Any], T], raw: Any) -> T:
    """Read a value of the API."""
    try:
        return read(raw)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise PortholeError(f"the answer makes no sense: {error!r}") from error
