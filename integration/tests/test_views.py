"""What the card uses: commands, signed paths, and media through Home Assistant."""

import asyncio
from typing import Any
from unittest.mock import patch

from aiohttp import ClientError, WSMsgType, web
from aiohttp.test_utils import TestClient
from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from custom_components.porthole import proxy

from .fake_server import JPEG, PLAYLIST, FakeServer
from .helpers import eventually

OFFER = {
    "type": "webrtc",
    "value": {"type": "offer", "sdp": "v=0\r\nm=audio 9\r\na=sendrecv\r\n"},
}


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Allow pings of sockets whose other end is the test's own client, which is closed after the check."""
    return True


@pytest.fixture
async def commands(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> MockHAClientWebSocket:
    """Connect as the card does."""
    return await hass_ws_client(hass)


@pytest.fixture
async def browser(
    loaded: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> TestClient[Any, Any]:
    """Open paths as a page does: without a header."""
    return await hass_client_no_auth()


async def ask(client: MockHAClientWebSocket, command: str, **values: Any) -> Any:
    """Send a command; returns the answer."""
    await client.send_json_auto_id({"type": f"porthole/{command}", **values})
    return await client.receive_json()


async def paths(client: MockHAClientWebSocket) -> dict[str, Any]:
    """Ask for the paths of the front door."""
    answer = await ask(client, "camera", entity_id="camera.front_door")
    found: dict[str, Any] = answer["result"]["paths"]
    return found


async def test_camera(
    hass: HomeAssistant, commands: MockHAClientWebSocket, loaded: MockConfigEntry
) -> None:
    """Everything about a camera, as docs/card-api.md has it."""
    result = (await ask(commands, "camera", entity_id="camera.front_door"))["result"]
    assert result["entry_id"] == loaded.entry_id
    assert result["available"] is True
    assert result["control"] is True
    assert result["tier"] == "auto"
    assert result["camera"]["ptz"] == {"move": True, "zoom": False, "presets": ["Door"]}
    assert result["entities"] == {
        "connectivity": "binary_sensor.front_door_connectivity",
        "motion": "binary_sensor.front_door_motion",
        "ring": "event.front_door_doorbell",
        "enabled": "switch.front_door_enabled",
        "speaker": "media_player.front_door_loudspeaker",
        "tier": "select.front_door_stream",
    }
    assert result["ice_servers"]
    assert set(result["paths"]) == {"base", "main", "sub"}
    garden = (await ask(commands, "camera", entity_id="camera.garden"))["result"]
    assert "sub" not in garden["paths"]
    answer = await ask(commands, "camera", entity_id="camera.nowhere")
    assert answer["error"]["code"] == "not_found"


async def test_cameras(hass: HomeAssistant, commands: MockHAClientWebSocket) -> None:
    """The list for the editor."""
    er.async_get(hass).async_update_entity(
        "camera.garden", disabled_by=er.RegistryEntryDisabler.USER
    )
    assert [
        (camera["entity_id"], camera["name"], camera["talk"], camera["doorbell"])
        for camera in (await ask(commands, "cameras"))["result"]
    ] == [("camera.front_door", "Front door", True, True)]


async def test_subscription(
    hass: HomeAssistant,
    commands: MockHAClientWebSocket,
    loaded: MockConfigEntry,
    server: FakeServer,
) -> None:
    """States, events, a lost server, a reloaded entry, and the end."""
    assert (await ask(commands, "subscribe", entity_id="camera.garden"))["success"]

    async def event(**expected: Any) -> dict[str, Any]:
        async with asyncio.timeout(5):
            while True:
                got: dict[str, Any] = (await commands.receive_json())["event"]
                if expected.items() <= got.items():
                    return got

    assert (await event(type="state"))["camera"]["id"] == "garden"
    await server.push_camera("garden", viewers=3)
    assert (await event(type="state"))["camera"]["viewers"] == 3
    await server.push(
        {"type": "event", "id": "garden", "event": "motion", "active": True, "time": 7}
    )
    assert await event(type="event") == {
        "type": "event",
        "event": "motion",
        "active": True,
        "time": 7,
    }
    await server.stop()
    await event(type="state", available=False)
    await server.start()
    await event(type="state", available=True)
    await hass.config_entries.async_reload(loaded.entry_id)
    await event(type="state", available=False)
    await event(type="state", available=True)
    await eventually(hass, lambda: len(server.hellos) == 3)
    await server.push({"type": "removed", "id": "garden"})
    await event(type="removed")
    other = await ask(commands, "subscribe", entity_id="camera.nowhere")
    assert other["error"]["code"] == "not_found"


async def test_ptz(
    hass: HomeAssistant,
    commands: MockHAClientWebSocket,
    loaded: MockConfigEntry,
    server: FakeServer,
) -> None:
    """Moves the camera; says why not."""
    move = {"entity_id": "camera.front_door"}
    assert (await ask(commands, "ptz", **move, pan=-0.5))["result"] == {}
    assert (await ask(commands, "ptz", **move, preset="Door"))["success"]
    assert server.asked("POST", "cameras/ptz") == [
        ({"id": "front_door"}, {"pan": -0.5, "tilt": 0, "zoom": 0}),
        ({"id": "front_door"}, {"preset": "Door"}),
    ]
    server.refusals["cameras/ptz"] = (404, "nothing to move")
    error = (await ask(commands, "ptz", **move))["error"]
    assert (error["code"], error["message"]) == ("failed", "nothing to move")
    await server.stop()
    await eventually(hass, lambda: not loaded.runtime_data.available)
    assert (await ask(commands, "ptz", **move))["error"]["code"] == "not_ready"
    answer = await ask(commands, "ptz", entity_id="camera.nowhere")
    assert answer["error"]["code"] == "not_found"


async def test_pictures(
    commands: MockHAClientWebSocket, browser: TestClient[Any, Any], server: FakeServer
) -> None:
    """By signed paths, and only by them; the width is free."""
    signed = (await paths(commands))["sub"]
    response = await browser.get(f"{signed['frame']}&width=320")
    assert await response.read() == JPEG
    assert server.asked("GET", "frame.jpeg")[-1][0] == {
        "src": "front_door_sub",
        "width": "320",
    }
    assert await (await browser.get(signed["mjpeg"])).read() == JPEG
    assert (await browser.get(signed["frame"].partition("&")[0])).status == 401
    other = signed["frame"].replace("front_door_sub", "garden")
    assert (await browser.get(other)).status == 401
    for status, seen in ((404, 404), (400, 400), (503, 502), (401, 502)):
        server.refusals["frame.jpeg"] = (status, "no")
        response = await browser.get(signed["frame"])
        assert (response.status, await response.text()) == (seen, "no")


async def test_an_answer_that_is_cut(
    server: FakeServer, commands: MockHAClientWebSocket, browser: TestClient[Any, Any]
) -> None:
    """Is cut for the browser, too: it does not take half a picture for one."""
    server.cut = "frame.jpeg"
    with pytest.raises(ClientError):
        await (await browser.get((await paths(commands))["main"]["frame"])).read()


async def test_hls(
    commands: MockHAClientWebSocket,
    browser: TestClient[Any, Any],
    server: FakeServer,
    loaded: MockConfigEntry,
) -> None:
    """The first playlist is signed, what it names is known by its id; ids that did not come from here are nobody's."""
    found = await paths(commands)
    base = found["base"]
    unknown = await browser.get(f"{base}hls/playlist.m3u8?id=abc-123_X")
    assert unknown.status == 404
    response = await browser.get(found["main"]["hls"])
    assert await response.text() == PLAYLIST
    assert server.asked("GET", "stream.m3u8")[0][0] == {
        "src": "front_door",
        "mp4": "flac",
    }
    response = await browser.get(f"{base}hls/segment.m4s?id=abc-123_X&n=3&x=1")
    assert await response.text() == "hls/segment.m4s"
    assert server.asked("GET", "hls/segment.m4s") == [
        ({"id": "abc-123_X", "n": "3"}, None)
    ]
    assert (await browser.get(f"{base}hls/secret?id=abc-123_X")).status == 404
    other = base.replace(loaded.entry_id, "another")
    assert (await browser.get(f"{other}hls/init.mp4?id=abc-123_X")).status == 404
    server.refusals["stream.m3u8"] = (503, "no")
    assert (await browser.get(found["main"]["hls"])).status == 502


async def test_websocket(
    hass: HomeAssistant,
    commands: MockHAClientWebSocket,
    browser: TestClient[Any, Any],
    server: FakeServer,
) -> None:
    """Texts and bytes, both ways; the token is for this camera; the end is passed on."""
    found = await paths(commands)
    socket = await browser.ws_connect(found["main"]["ws"])
    await socket.send_bytes(b"abc")
    assert await socket.receive_bytes() == b"cba"
    await socket.send_json(OFFER)
    assert (await socket.receive_json())["type"] == "webrtc"
    assert (await socket.receive_json())["type"] == "webrtc/candidate"
    await socket.send_str("no json")
    await socket.send_json({"type": "webrtc/offer", "value": "v=0\r\n"})
    await eventually(hass, lambda: not server._media)
    assert (await socket.receive()).type is WSMsgType.CLOSE
    assert socket.close_code == proxy.CLOSE_SERVER_LOST
    socket = await browser.ws_connect(found["main"]["ws"])
    await socket.send_json({"type": "hls"})
    await socket.receive_json()
    media = f"{found['base']}hls/init.mp4?id=abc-123_X"
    assert (await browser.get(media)).status == 200
    await server.cut_media()
    assert (await socket.receive()).type is WSMsgType.CLOSE
    assert socket.close_code == proxy.CLOSE_SERVER_LOST
    socket = await browser.ws_connect(found["main"]["ws"])
    await socket.close()
    await eventually(hass, lambda: not server._media)
    assert {tuple(token["allow"]) for token in server.tokens.values()} == {
        ("talk", "view"),
        ("view",),
    }


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        ((404, "stream not found"), proxy.CLOSE_NOT_FOUND),
        ((403, "no"), proxy.CLOSE_FAILED),
        (None, proxy.CLOSE_SERVER_LOST),
    ],
)
async def test_websocket_refused(
    commands: MockHAClientWebSocket,
    browser: TestClient[Any, Any],
    server: FakeServer,
    refusal: tuple[int, str] | None,
    code: int,
) -> None:
    """The code of the close says what is wrong."""
    found = await paths(commands)
    if refusal:
        server.refusals["ws"] = refusal
    else:
        await server.stop()
    socket = await browser.ws_connect(found["main"]["ws"])
    assert (await socket.receive()).type is WSMsgType.CLOSE
    assert socket.close_code == code


async def test_websocket_of_a_server_that_fails(
    commands: MockHAClientWebSocket, browser: TestClient[Any, Any], server: FakeServer
) -> None:
    """Its close code is told apart from a lost one."""

    async def serve(socket: web.WebSocketResponse) -> None:
        await socket.close(code=proxy.CLOSE_FAILED)

    server.serve_socket = serve
    socket = await browser.ws_connect((await paths(commands))["main"]["ws"])
    await socket.receive()
    assert socket.close_code == proxy.CLOSE_FAILED


async def test_a_browser_that_is_too_slow(
    hass: HomeAssistant,
    commands: MockHAClientWebSocket,
    browser: TestClient[Any, Any],
    server: FakeServer,
) -> None:
    """It is left; the server's side is let go."""
    send_bytes = web.WebSocketResponse.send_bytes

    async def send(socket: web.WebSocketResponse, data: bytes) -> None:
        if socket in server._media:
            await send_bytes(socket, data)
        else:
            await asyncio.sleep(60)

    with (
        patch.object(proxy, "STUCK_S", 0.1),
        patch.object(web.WebSocketResponse, "send_bytes", send),
    ):
        socket = await browser.ws_connect((await paths(commands))["main"]["ws"])
        await socket.send_bytes(b"abc")
        assert (await socket.receive()).type is WSMsgType.CLOSE
        assert socket.close_code == proxy.CLOSE_SLOW
        await eventually(hass, lambda: not server._media)


async def test_who_may_what(
    hass: HomeAssistant,
    commands: MockHAClientWebSocket,
    browser: TestClient[Any, Any],
    hass_admin_user: MockUser,
    server: FakeServer,
) -> None:
    """A user who may only read hears and sees, but does not talk or move; one who may not even read sees nothing."""
    hass_admin_user.groups = []
    hass_admin_user.mock_policy({"entities": {"domains": {"camera": {"read": True}}}})
    move = {"entity_id": "camera.front_door"}
    assert not hass_admin_user.permissions.check_entity(
        "camera.front_door", POLICY_CONTROL
    )
    assert (await ask(commands, "camera", **move))["result"]["control"] is False
    assert (await ask(commands, "ptz", **move))["error"]["code"] == "unauthorized"
    found = await paths(commands)
    socket = await browser.ws_connect(found["main"]["ws"])
    await socket.send_json(OFFER)
    assert (await socket.receive()).type is WSMsgType.CLOSE
    assert socket.close_code == proxy.CLOSE_FORBIDDEN
    socket = await browser.ws_connect(found["main"]["ws"])
    await socket.send_json(
        {"type": "webrtc/offer", "value": "v=0\r\nm=audio 9\r\na=sendonly\r\n"}
    )
    await socket.receive()
    assert socket.close_code == proxy.CLOSE_FORBIDDEN
    assert [token["allow"] for token in server.tokens.values()] == [["view"]]
    hass_admin_user.mock_policy({})
    assert (await ask(commands, "camera", **move))["error"]["code"] == "not_found"
    assert (await ask(commands, "cameras"))["result"] == []
    assert (await browser.get(found["main"]["frame"])).status == 404
