"""Pictures, streams and WebRTC of the camera entity."""

from datetime import timedelta
from typing import Any
from unittest.mock import Mock, patch

from aiohttp import web
from homeassistant.components.camera import (
    Camera,
    async_get_image,
    async_get_stream_source,
)
from homeassistant.components.camera.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.dt import utcnow
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)
from webrtc_models import RTCIceCandidateInit
from yarl import URL

from .fake_server import ANSWER, CANDIDATE, JPEG, FakeServer
from .helpers import eventually, state_of

OFFER = "v=0\r\nm=audio 9 UDP 1\r\na={}\r\nm=video 9 UDP 1\r\na=recvonly\r\n"
LISTEN = OFFER.format("recvonly")
TALK = OFFER.format("sendrecv")


def entity(hass: HomeAssistant, entity_id: str) -> Camera:
    """Find the entity itself."""
    camera = hass.data[DATA_COMPONENT].get_entity(entity_id)
    assert camera
    return camera


async def test_snapshots(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """Small ones come from the sub stream, unless the user wants the main one."""
    assert (await async_get_image(hass, "camera.front_door")).content == JPEG
    await async_get_image(hass, "camera.front_door", width=320)
    await hass.services.async_call(
        "select",
        "select_option",
        {"entity_id": "select.front_door_stream", "option": "main"},
        blocking=True,
    )
    await entity(hass, "camera.front_door").async_camera_image(height=180)
    await async_get_image(hass, "camera.front_door", width=320)
    assert [query for query, _ in server.asked("GET", "frame.jpeg")] == [
        {"src": "front_door"},
        {"src": "front_door_sub", "width": "320"},
        {"src": "front_door", "height": "180"},
        {"src": "front_door", "width": "320"},
    ]
    server.refusals["frame.jpeg"] = (504, "no picture in time")
    with pytest.raises(HomeAssistantError, match="no picture in time"):
        await async_get_image(hass, "camera.front_door")


async def test_mjpeg(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    server: FakeServer,
    hass_client: ClientSessionGenerator,
) -> None:
    """The server's own stream is passed on."""
    client = await hass_client()
    response = await client.get("/api/camera_proxy_stream/camera.front_door")
    assert response.content_type == "multipart/x-mixed-replace"
    assert await response.read() == JPEG
    assert server.media_headers[-1]["Authorization"].startswith("Bearer token-")
    assert "X-Forwarded-For" in server.media_headers[-1]


@pytest.mark.parametrize(
    ("rtsp", "scheme", "path"),
    [
        ("0.0.0.0:8554", "rtsp", "/front_door"),
        (":8554", "rtsp", "/front_door"),
        ("127.0.0.1:8554", "rtsp", "/front_door"),
        (None, "http", "/api/stream.ts"),
    ],
)
async def test_stream_source(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    server: FakeServer,
    rtsp: str | None,
    scheme: str,
    path: str,
) -> None:
    """RTSP with a token, or HTTP where there is no RTSP."""
    await server.push_server(rtsp=rtsp)
    coordinator = loaded.runtime_data
    await eventually(hass, lambda: coordinator.state.server.rtsp == rtsp)
    url = URL(await async_get_stream_source(hass, "camera.front_door") or "")
    assert (url.scheme, url.host, url.path) == (scheme, "127.0.0.1", path)
    assert server.tokens[url.query["auth"]] == {
        "stream": "front_door",
        "allow": ["view"],
        "ttl_s": 3600,
    }


async def test_stream_source_of_a_remote_server(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """RTSP that listens on its own machine only is not for us."""
    await server.push_server(rtsp="127.0.0.1:8554")
    coordinator = loaded.runtime_data
    await coordinator.tokens.get("garden")
    coordinator.client.url = coordinator.client.url.with_host("localhost")
    await eventually(hass, lambda: coordinator.state.server.rtsp == "127.0.0.1:8554")
    assert (await async_get_stream_source(hass, "camera.garden") or "")[:5] == "rtsp:"
    coordinator.client.url = coordinator.client.url.with_host("nas")
    assert (await async_get_stream_source(hass, "camera.garden") or "")[:5] == "http:"


async def test_no_source_while_switched_off(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """Nothing to open."""
    await server.push_camera("garden", enabled=False, status="disabled")
    await eventually(
        hass, lambda: state_of(hass, "switch.garden_enabled").state == "off"
    )
    assert await entity(hass, "camera.garden").stream_source() is None


async def test_tokens_are_renewed(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    server: FakeServer,
) -> None:
    """A stream that runs gets a new one in time, without being disturbed; a new server process makes it start anew."""
    camera = entity(hass, "camera.front_door")
    stream = camera.stream = Mock(source=await camera.stream_source(), available=True)
    first = stream.source
    later = utcnow() + timedelta(minutes=31)
    with patch("custom_components.porthole.tokens.time", later.timestamp):
        async_fire_time_changed(hass, later)
        await eventually(hass, lambda: stream.source != first)
    stream.update_source.assert_not_called()
    await server.stop()
    await eventually(
        hass, lambda: state_of(hass, "camera.front_door").state == "unavailable"
    )
    await server.start()
    await eventually(hass, lambda: stream.update_source.called)


async def offer(client: Any, entity_id: str, sdp: str) -> tuple[str, Any]:
    """Begin a session as the frontend does."""
    await client.send_json_auto_id(
        {"type": "camera/webrtc/offer", "entity_id": entity_id, "offer": sdp}
    )
    assert (await client.receive_json())["success"]
    event = (await client.receive_json())["event"]
    return event["session_id"], client


@pytest.mark.parametrize(
    ("sdp", "allow"), [(LISTEN, ["view"]), (TALK, ["talk", "view"])]
)
async def test_webrtc(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    server: FakeServer,
    hass_ws_client: WebSocketGenerator,
    sdp: str,
    allow: list[str],
) -> None:
    """Offer and candidates go to the server, answer and candidates come back; a microphone needs another token."""
    client = await hass_ws_client(hass)
    session_id, _ = await offer(client, "camera.front_door", sdp)
    camera = entity(hass, "camera.front_door")
    # Before the socket is open.
    early = RTCIceCandidateInit("candidate:early", sdp_m_line_index=0)
    await camera.async_on_webrtc_candidate(session_id, early)
    assert (await client.receive_json())["event"] == {
        "type": "answer",
        "answer": ANSWER,
    }
    event = (await client.receive_json())["event"]
    assert event["candidate"]["candidate"] == CANDIDATE
    await eventually(hass, lambda: server.candidates == ["candidate:early"])
    assert server.offers[0]["sdp"] == sdp
    assert server.offers[0]["ice_servers"]
    assert [token["allow"] for token in server.tokens.values()] == [allow]
    camera.close_webrtc_session(session_id)
    await camera.async_on_webrtc_candidate(session_id, early)
    await eventually(hass, lambda: not server._media)


@pytest.mark.parametrize("reply", ['{"type":"error","value":"webrtc: no"}', None])
async def test_webrtc_that_fails(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    server: FakeServer,
    hass_ws_client: WebSocketGenerator,
    reply: str | None,
) -> None:
    """The reason is the server's own, or that it went away; nonsense is passed over."""

    async def serve(socket: web.WebSocketResponse) -> None:
        await socket.receive()
        for text in ("no json", "[]", '{"type":"webrtc"}', reply):
            if text:
                await socket.send_str(text)
        await socket.close()

    server.serve_socket = serve
    client = await hass_ws_client(hass)
    await offer(client, "camera.garden", LISTEN)
    event = (await client.receive_json())["event"]
    assert event["type"] == "error"
    assert event["message"] == (
        "webrtc: no" if reply else "the server closed the connection"
    )


async def test_webrtc_refused(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    server: FakeServer,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """A stream that is not there."""
    server.refusals["ws"] = (404, "stream not found")
    client = await hass_ws_client(hass)
    await offer(client, "camera.garden", LISTEN)
    assert (await client.receive_json())["event"]["type"] == "error"


async def test_two_way_audio(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """Told where there is a loudspeaker."""
    assert entity(hass, "camera.front_door").camera_entity_capabilities.two_way_audio
    garden = entity(hass, "camera.garden")
    assert not garden.camera_entity_capabilities.two_way_audio
    await server.push_camera("garden", talk=True)
    await eventually(hass, lambda: garden.camera_entity_capabilities.two_way_audio)
