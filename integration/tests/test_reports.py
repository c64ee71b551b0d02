"""Diagnostics, the system's health, device triggers, the logbook."""

import json

from homeassistant.components import automation
from homeassistant.components.device_automation import DeviceAutomationType
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_get_device_automations,
    async_mock_service,
    get_system_health_info,
)

from custom_components.porthole.const import DOMAIN, EVENT_PORTHOLE
from custom_components.porthole.diagnostics import (
    async_get_config_entry_diagnostics,
    async_get_device_diagnostics,
)
from custom_components.porthole.logbook import async_describe_events

from .fake_server import PASSWORD, SERVER_ID, FakeServer
from .helpers import eventually


def device_of(
    hass: HomeAssistant, entry: MockConfigEntry, camera: str
) -> dr.DeviceEntry:
    """Find the device of a camera; that of the server without a name."""
    identifier = (DOMAIN, f"{SERVER_ID}_{camera}" if camera else SERVER_ID)
    device = dr.async_get(hass).async_get_device_by_identifier(
        identifier, entry.entry_id
    )
    assert device
    return device


async def test_diagnostics(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """Everything but secrets."""
    diagnostics = await async_get_config_entry_diagnostics(hass, loaded)
    text = json.dumps(diagnostics)
    for secret in (PASSWORD, SERVER_ID, "127.0.0.1"):
        assert secret not in text
    assert diagnostics["entry"]["cameras"] == ["front_door", "garden"]
    assert diagnostics["cameras"]["front_door"]["status"] == "live"
    assert diagnostics["error"] is None
    garden = device_of(hass, loaded, "garden")
    assert (await async_get_device_diagnostics(hass, loaded, garden))["camera"][
        "id"
    ] == "garden"
    device = device_of(hass, loaded, "")
    assert "server" not in await async_get_device_diagnostics(hass, loaded, device)


async def test_system_health(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """A few numbers, and whether the server answers."""
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    info = await get_system_health_info(hass, DOMAIN)
    assert await info.pop("can_reach_server") == "ok"
    assert info == {
        "cameras": 2,
        "cameras_failing": 0,
        "viewers": 2,
        "server_version": "0.1.0",
    }
    server.refusals["cameras"] = (503, "starting")
    info = await get_system_health_info(hass, DOMAIN)
    assert await info["can_reach_server"] == {
        "type": "failed",
        "error": "Porthole: starting",
    }


async def test_triggers(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """A doorbell has more than a camera; they set automations off."""
    assert await async_setup_component(hass, "device_automation", {})

    async def types(camera: str) -> set[str]:
        device = device_of(hass, loaded, camera)
        return {
            trigger["type"]
            for trigger in await async_get_device_automations(
                hass, DeviceAutomationType.TRIGGER, device.id
            )
            if trigger["domain"] == DOMAIN
        }

    assert await types("front_door") == {"ring", "motion", "online", "offline"}
    assert await types("garden") == {"online", "offline"}
    assert await types("") == set()
    called = async_mock_service(hass, "test", "called")
    assert await async_setup_component(
        hass,
        automation.DOMAIN,
        {
            automation.DOMAIN: {
                "trigger": {
                    "platform": "device",
                    "domain": DOMAIN,
                    "device_id": device_of(hass, loaded, "front_door").id,
                    "type": "ring",
                },
                "action": {"action": "test.called"},
            }
        },
    )
    await server.push({"type": "event", "id": "front_door", "event": "motion"})
    await server.push({"type": "event", "id": "front_door", "event": "ring"})
    await eventually(hass, lambda: called)
    assert len(called) == 1


async def test_logbook(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Events in words."""
    described = {}
    async_describe_events(
        hass, lambda domain, event, describe: described.update({event: describe})
    )
    device = device_of(hass, loaded, "garden")
    data = {"device_id": device.id, "camera": "garden", "type": "offline"}
    assert described[EVENT_PORTHOLE](Event(EVENT_PORTHOLE, data)) == {
        "name": "Garden",
        "message": "went offline",
    }
