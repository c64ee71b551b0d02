"""The actions."""

import asyncio
from pathlib import Path
from typing import Any
from unittest.mock import patch

from homeassistant.components.media_source import PlayMedia
from homeassistant.core import HomeAssistant, ServiceResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.entity_registry import EVENT_ENTITY_REGISTRY_UPDATED
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.porthole.const import DOMAIN

from .fake_server import JPEG, MP4, FakeServer

FRONT_DOOR = "camera.front_door"
RESPONDING = {"add_camera", "remove_camera", "play_audio", "save_clip", "snapshot"}

pytestmark = pytest.mark.usefixtures("loaded")


async def call(hass: HomeAssistant, action: str, **data: Any) -> ServiceResponse:
    """Call an action."""
    return await hass.services.async_call(
        DOMAIN, action, data, blocking=True, return_response=action in RESPONDING
    )


async def test_add_and_remove(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """A camera comes, with its entity, and goes."""
    camera = {
        "config_entry_id": loaded.entry_id,
        "name": "Garden",
        "sources": "rtsp://a",
        "area": "Yard",
    }
    response = await call(hass, "add_camera", **camera)
    assert response == {
        "camera_id": "garden_2",
        "status": "idle",
        "entity_id": "camera.yard_garden",
    }
    assert server.asked("PUT", "cameras")[-1][1] == {
        "name": "Garden",
        "sources": ["rtsp://a"],
        "area": "Yard",
    }
    with pytest.raises(ServiceValidationError) as taken:
        await call(hass, "add_camera", **camera, camera_id="garden_2")
    assert taken.value.translation_key == "camera_exists"
    with pytest.raises(ServiceValidationError) as nowhere:
        await call(hass, "add_camera", **{**camera, "config_entry_id": "nowhere"})
    assert nowhere.value.translation_key == "entry_not_loaded"
    response = await call(hass, "remove_camera", entity_id="camera.yard_garden")
    assert response == {"camera_id": "garden_2"}
    await hass.async_block_till_done()
    assert hass.states.get("camera.yard_garden") is None
    for entity_id in ("camera.nowhere", "sensor.front_door_viewers"):
        with pytest.raises(ServiceValidationError) as none:
            await call(hass, "remove_camera", entity_id=entity_id)
        assert none.value.translation_key == "no_camera"


async def test_a_camera_whose_entity_comes_late(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """The action waits for it, but not for good, and not where none comes."""
    camera = {"config_entry_id": loaded.entry_id, "name": "Shed", "sources": "rtsp://a"}
    seen = "custom_components.porthole.services.entity_of"
    comes = "camera.comes"
    with patch(seen, side_effect=[None, comes, comes, comes]):
        adding = hass.async_create_task(call(hass, "add_camera", **camera))
        # Not until core has nothing to do: it has this action to do.
        while not server.asked("PUT", "cameras"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        hass.bus.async_fire(str(EVENT_ENTITY_REGISTRY_UPDATED))
        response = await adding
    assert response
    assert response["entity_id"] == comes
    with (
        patch(seen, return_value=None),
        patch("custom_components.porthole.services._ENTITY_COMES_S", 0.01),
    ):
        response = await call(hass, "add_camera", **{**camera, "name": "Barn"})
    assert response
    assert response["entity_id"] is None
    hass.config_entries.async_update_entry(
        loaded, options={**loaded.options, "add_new": False}
    )
    response = await call(hass, "add_camera", **{**camera, "name": "Attic"})
    assert response
    assert response["entity_id"] is None


async def test_audio(hass: HomeAssistant, server: FakeServer) -> None:
    """An address, what the selector of media gives, and silence; files are not for Home Assistant to name."""
    url = "http://ha.example/bell.mp3?authSig=secret"
    response = await call(
        hass, "play_audio", entity_id=FRONT_DOOR, media_content_id=url
    )
    assert response == {FRONT_DOOR: {"url": "http://ha.example/bell.mp3"}}
    await call(
        hass,
        "play_audio",
        entity_id=FRONT_DOOR,
        media_content_id={"media_content_id": url},
    )
    await call(hass, "stop_audio", entity_id=FRONT_DOOR)
    assert [query["src"] for query, _ in server.asked("POST", "streams")] == [
        f"ffmpeg:{url}#audio=auto#input=file",
        f"ffmpeg:{url}#audio=auto#input=file",
        "",
    ]
    with patch(
        "custom_components.porthole.sound.media_source.async_resolve_media",
        return_value=PlayMedia("http://ha.example/local.mp3", "audio/mpeg"),
    ):
        await call(
            hass,
            "play_audio",
            entity_id=FRONT_DOOR,
            media_content_id="media-source://media_source/local/a.mp3",
        )
    assert server.asked("POST", "streams")[-1][0]["src"] == (
        "ffmpeg:http://ha.example/local.mp3#audio=auto#input=file"
    )
    with pytest.raises(ServiceValidationError) as unsupported:
        await call(
            hass, "play_audio", entity_id=FRONT_DOOR, media_content_id="file:///etc/x"
        )
    assert unsupported.value.translation_key == "unsupported_media"


async def test_files(hass: HomeAssistant, server: FakeServer, tmp_path: Path) -> None:
    """Clips and pictures, with names made of templates; nothing is left of what fails."""
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    clip = tmp_path / "new" / "front_door-Front door.mp4"
    response = await call(
        hass,
        "save_clip",
        entity_id=FRONT_DOOR,
        filename=f"{tmp_path}/new/{{{{ camera }}}}-{{{{ name }}}}.mp4",
        duration=2.5,
        stream="sub",
    )
    assert response == {
        FRONT_DOOR: {"filename": str(clip), "size": len(MP4), "duration": 2.5}
    }
    assert clip.read_bytes() == MP4
    assert server.asked("GET", "stream.mp4")[0][0] == {
        "src": "front_door_sub",
        "duration": "2.5",
    }
    picture = tmp_path / "picture.jpg"
    await call(hass, "snapshot", entity_id=FRONT_DOOR, filename=str(picture), width=320)
    assert picture.read_bytes() == JPEG
    server.refusals["frame.jpeg"] = (504, "asleep")
    with pytest.raises(HomeAssistantError, match="asleep"):
        await call(
            hass, "snapshot", entity_id=FRONT_DOOR, filename=f"{tmp_path}/other.jpg"
        )
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(HomeAssistantError) as not_written:
        await call(
            hass, "save_clip", entity_id=FRONT_DOOR, filename=f"{tmp_path}/folder.mp4"
        )
    assert not_written.value.translation_key == "not_written"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "folder.mp4",
        "new",
        "picture.jpg",
    ]


async def test_an_empty_clip(
    hass: HomeAssistant, server: FakeServer, tmp_path: Path
) -> None:
    """Is no clip."""
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    with (
        patch("tests.fake_server.MP4", b""),
        pytest.raises(HomeAssistantError, match="sent nothing"),
    ):
        await call(
            hass, "save_clip", entity_id=FRONT_DOOR, filename=f"{tmp_path}/a.mp4"
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("filename", "key"),
    [("/etc/passwd", "path_not_allowed"), ("{{ 1 / 0 }}", "bad_template")],
)
async def test_file_names(hass: HomeAssistant, filename: str, key: str) -> None:
    """Where nothing may be written, nothing is."""
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "save_clip", entity_id=FRONT_DOOR, filename=filename)
    assert refused.value.translation_key == key


async def test_ptz_and_events(hass: HomeAssistant, server: FakeServer) -> None:
    """Moves for a time, goes to a place, tells of what others saw."""
    await call(hass, "ptz", entity_id=FRONT_DOOR, pan=1, duration=0.1)
    await call(hass, "ptz", entity_id=FRONT_DOOR, tilt=-1)
    await call(hass, "ptz", entity_id=FRONT_DOOR, preset="Door")
    await call(hass, "send_event", entity_id=FRONT_DOOR, type="ring")
    assert [body for _, body in server.asked("POST", "cameras/ptz")] == [
        {"pan": 1, "tilt": 0, "zoom": 0},
        {"pan": 0, "tilt": 0, "zoom": 0},
        {"pan": 0, "tilt": -1, "zoom": 0},
        {"preset": "Door"},
    ]
    assert server.asked("POST", "cameras/event") == [
        ({"id": "front_door"}, {"type": "ring", "active": True})
    ]
