"""Cameras of the server as devices and entities, and how they follow it."""

from homeassistant.components.media_player import ATTR_MEDIA_ANNOUNCE
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.porthole.const import DOMAIN, EVENT_PORTHOLE

from .fake_server import SERVER_ID, FakeServer, camera
from .helpers import eventually, state_of


async def test_entities_of_a_camera(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """Everything that a camera can do is an entity of its device, under its subentry."""
    assert server.hellos == [
        {"type": "hello", "client": "home-assistant", "version": "0.1.0"}
    ]
    assert state_of(hass, "camera.front_door").state == "streaming"
    assert state_of(hass, "camera.garden").state == "idle"
    assert state_of(hass, "binary_sensor.front_door_connectivity").state == "on"
    assert state_of(hass, "binary_sensor.front_door_motion").state == "off"
    assert state_of(hass, "event.front_door_doorbell").state == "unknown"
    assert state_of(hass, "switch.front_door_enabled").state == "on"
    assert state_of(hass, "sensor.front_door_viewers").state == "2"
    assert state_of(hass, "sensor.front_door_last_error").state == "none"
    assert state_of(hass, "media_player.front_door_loudspeaker").state == "idle"
    assert state_of(hass, "select.front_door_stream").state == "auto"
    assert hass.states.get("button.front_door_restart")
    assert hass.states.get("select.garden_stream") is None
    assert hass.states.get("media_player.garden_loudspeaker") is None
    assert hass.states.get("event.garden_doorbell") is None
    entities = er.async_get(hass)
    registered = entities.async_get("camera.front_door")
    assert registered
    assert registered.device_id
    assert registered.unique_id == f"{SERVER_ID}_front_door_camera"
    subentries = {each.unique_id: each for each in loaded.subentries.values()}
    assert registered.config_subentry_id == subentries["front_door"].subentry_id
    device = dr.async_get(hass).async_get(registered.device_id)
    assert device
    assert device.name == "Front door"
    for key in ("bitrate", "fps", "video_codec", "audio_codec"):
        disabled = entities.async_get_entity_id(
            "sensor", DOMAIN, f"{SERVER_ID}_front_door_{key}"
        )
        entity = entities.async_get(disabled or "")
        assert entity
        assert entity.disabled


async def test_diagnostic_sensors(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    server: FakeServer,
    all_entities: None,
) -> None:
    """Rates are those of a camera that is live; codecs stay."""
    await hass.config_entries.async_setup(entry.entry_id)
    await server.connected()
    assert state_of(hass, "sensor.front_door_bit_rate").state == "3.932"
    assert state_of(hass, "sensor.front_door_frame_rate").state == "25"
    codec = state_of(hass, "sensor.front_door_video_codec")
    assert codec.state == "hevc"
    assert codec.attributes["width"] == 2560
    assert state_of(hass, "sensor.front_door_audio_codec").state == "aac"
    assert state_of(hass, "sensor.garden_video_codec").state == "unknown"
    await server.push_camera("front_door", status="idle")
    await eventually(
        hass, lambda: state_of(hass, "sensor.front_door_frame_rate").state == "0"
    )


async def test_state_is_pushed(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """What the server tells is seen at once, without asking; automations hear of the rest."""
    events = async_capture_events(hass, EVENT_PORTHOLE)
    error = {"code": "unauthorized", "message": "wrong password", "since": 1}
    await server.push_camera("garden", status="failed", error=error, motion=True)
    await eventually(
        hass, lambda: state_of(hass, "sensor.garden_last_error").state != "none"
    )
    assert state_of(hass, "sensor.garden_last_error").state == "wrong password"
    assert state_of(hass, "binary_sensor.garden_connectivity").state == "off"
    assert state_of(hass, "binary_sensor.garden_motion").state == "on"
    await server.push_camera("garden", status="connecting")
    await server.push_camera("garden", status="live", error=None)
    await server.push_camera("garden", status="disabled", enabled=False)
    await eventually(
        hass, lambda: state_of(hass, "switch.garden_enabled").state == "off"
    )
    assert state_of(hass, "binary_sensor.garden_connectivity").state == "unknown"
    assert [event.data["type"] for event in events] == ["offline", "online"]
    await server.push({"type": "event", "id": "front_door", "event": "ring"})
    await server.push({"type": "event", "id": "front_door", "event": "motion"})
    await server.push({"type": "event", "id": "stranger", "event": "ring"})
    await server.push({"type": "something new"})
    await eventually(hass, lambda: len(events) == 4)
    assert state_of(hass, "event.front_door_doorbell").attributes["event_type"] == (
        "ring"
    )


async def test_cameras_come_and_go(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """New cameras appear, abilities that become known too; names follow; removed cameras leave nothing."""
    await server.push_camera("gate", area="Entrance")
    await eventually(hass, lambda: hass.states.get("camera.entrance_gate"))
    await server.push({"type": "removed", "id": "gate"})
    await server.push_camera("shed", name="Shed")
    await eventually(hass, lambda: hass.states.get("camera.shed"))
    await server.push_camera("shed", talk=True, name="Tool shed")
    await eventually(
        hass, lambda: hass.states.get("media_player.tool_shed_loudspeaker")
    )
    assert "Tool shed" in {each.title for each in loaded.subentries.values()}
    await server.push_camera("camera.of_core_itself")
    await server.push({"type": "removed", "id": "shed"})
    await eventually(hass, lambda: hass.states.get("camera.shed") is None)
    assert er.async_get(hass).async_get("camera.shed") is None
    assert {each.unique_id for each in loaded.subentries.values()} == {
        "front_door",
        "garden",
    }
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), loaded.entry_id)
    assert {device.name for device in devices} == {"Porthole", "Front door", "Garden"}


async def test_a_camera_that_the_user_removes_stays_away(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """The user's choice holds, also when the server starts anew."""
    subentry = next(
        each for each in loaded.subentries.values() if each.unique_id == "garden"
    )
    hass.config_entries.async_remove_subentry(loaded, subentry.subentry_id)
    await hass.async_block_till_done()
    assert hass.states.get("camera.garden") is None
    assert loaded.options["ignored"] == ["garden"]
    await server.stop()
    await server.start()
    await server.connected()
    await server.push_camera("garden", viewers=1)
    await server.push_camera("front_door", viewers=7)
    await eventually(
        hass, lambda: state_of(hass, "sensor.front_door_viewers").state == "7"
    )
    assert hass.states.get("camera.garden") is None


async def test_no_new_cameras_where_none_are_wanted(
    hass: HomeAssistant, entry: MockConfigEntry, server: FakeServer
) -> None:
    """The option `add_new` is off."""
    hass.config_entries.async_update_entry(entry, options={"add_new": False})
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert not entry.subentries


async def test_a_lost_server(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    server: FakeServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Entities are unavailable while it is away, said once, and back by themselves."""
    await server.stop()
    await eventually(
        hass, lambda: state_of(hass, "camera.garden").state == STATE_UNAVAILABLE
    )
    await eventually(hass, lambda: "connection lost" in caplog.text)
    del server.cameras["garden"]
    server.cameras["shed"] = camera("shed")
    await server.start()
    await eventually(hass, lambda: hass.states.get("camera.shed"))
    assert state_of(hass, "camera.front_door").state == "streaming"
    assert hass.states.get("camera.garden") is None
    assert caplog.text.count("connection lost") == 1
    assert caplog.text.count("is connected again") == 1
    assert loaded.state is ConfigEntryState.LOADED


async def test_switches_buttons_and_selects(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """What is pressed reaches the server."""
    for domain, service, entity_id in (
        ("switch", "turn_off", "switch.garden_enabled"),
        ("switch", "turn_on", "switch.garden_enabled"),
        ("camera", "turn_off", "camera.garden"),
        ("camera", "turn_on", "camera.garden"),
        ("button", "press", "button.garden_restart"),
    ):
        await hass.services.async_call(
            domain, service, {ATTR_ENTITY_ID: entity_id}, blocking=True
        )
    assert [body for _, body in server.asked("PUT", "cameras")] == [
        {"enabled": False},
        {"enabled": True},
        {"enabled": False},
        {"enabled": True},
    ]
    assert server.asked("POST", "cameras/restart") == [({"id": "garden"}, None)]
    await hass.services.async_call(
        "select",
        "select_option",
        {ATTR_ENTITY_ID: "select.front_door_stream", "option": "sub"},
        blocking=True,
    )
    assert state_of(hass, "select.front_door_stream").state == "sub"


async def test_loudspeaker(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """Media play through FFmpeg; an announcement interrupts, and what it interrupted comes back."""
    speaker = "media_player.front_door_loudspeaker"

    async def play(url: str, **data: object) -> None:
        await hass.services.async_call(
            "media_player",
            "play_media",
            {
                ATTR_ENTITY_ID: speaker,
                "media_content_type": "music",
                "media_content_id": url,
                **data,
            },
            blocking=True,
        )

    await play("http://radio.example/stream#fragment")
    await server.push_camera("front_door", playing=True)
    await eventually(hass, lambda: state_of(hass, speaker).state == "playing")
    await play("http://ha.example/tts.mp3", **{ATTR_MEDIA_ANNOUNCE: True})
    await server.push_camera("front_door", playing=False)
    await eventually(hass, lambda: len(server.asked("POST", "streams")) == 3)
    await hass.services.async_call(
        "media_player", "media_stop", {ATTR_ENTITY_ID: speaker}, blocking=True
    )
    radio = "ffmpeg:http://radio.example/stream#audio=auto#input=file"
    speech = "ffmpeg:http://ha.example/tts.mp3#audio=auto#input=file"
    assert [query["src"] for query, _ in server.asked("POST", "streams")] == [
        radio,
        speech,
        radio,
        "",
    ]


async def test_what_cannot_go_on_after_an_announcement(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    server: FakeServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody waits for it, so the log says why."""
    speaker = "media_player.front_door_loudspeaker"
    media = {ATTR_ENTITY_ID: speaker, "media_content_type": "music"}
    for url, announce in (("http://a/radio", False), ("http://a/speech", True)):
        await hass.services.async_call(
            "media_player",
            "play_media",
            {**media, "media_content_id": url, ATTR_MEDIA_ANNOUNCE: announce},
            blocking=True,
        )
        await server.push_camera("front_door", playing=True)
        await eventually(hass, lambda: state_of(hass, speaker).state == "playing")
    server.refusals["streams"] = (502, "no such radio")
    await server.push_camera("front_door", playing=False)
    await eventually(hass, lambda: "does not go on: Porthole: no such" in caplog.text)


async def test_what_the_server_refuses_is_said(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """Its own words reach the user."""
    server.refusals["cameras/restart"] = (409, "the camera is asleep\n")
    with pytest.raises(Exception, match="Porthole: the camera is asleep"):
        await hass.services.async_call(
            "button", "press", {ATTR_ENTITY_ID: "button.garden_restart"}, blocking=True
        )
