"""What stays, and what must not: tasks, listeners, entities, secrets."""

import asyncio
import gc
import json
import logging

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.porthole.const import DOMAIN
from custom_components.porthole.coordinator import PortholeCoordinator
from custom_components.porthole.diagnostics import async_get_config_entry_diagnostics
from custom_components.porthole.errors import PortholeError

from .fake_server import PASSWORD, FakeServer
from .helpers import eventually, state_of

RELOADS = 20


def listeners(hass: HomeAssistant) -> dict[str, int]:
    """Count the listeners of the bus, and those of the dispatcher."""
    dispatcher = hass.data.get("dispatcher", {})
    signals = {str(signal): len(each) for signal, each in dispatcher.items() if each}
    events = {str(event): count for event, count in hass.bus.async_listeners().items()}
    # Files of core that are yet to be written.
    events.pop(str(EVENT_HOMEASSISTANT_FINAL_WRITE), 0)
    return events | signals


def our_tasks() -> list[str]:
    """Name the tasks of the integration."""
    return sorted(
        task.get_name()
        for task in asyncio.all_tasks()
        if "porthole" in task.get_name().lower() and not task.done()
    )


async def test_reloading_leaves_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """Tasks, listeners, sockets and coordinators are as many as after the first time."""

    async def reload() -> None:
        assert await hass.config_entries.async_reload(loaded.entry_id)
        await hass.async_block_till_done()
        await eventually(hass, lambda: server.listening == 1)

    await reload()
    known = listeners(hass)
    tasks = our_tasks()
    assert tasks
    for _ in range(RELOADS):
        await loaded.runtime_data.tokens.get("garden")
        await reload()
    assert listeners(hass) == known
    assert our_tasks() == tasks
    assert not server.tokens
    gc.collect()
    alive = [each for each in gc.get_objects() if type(each) is PortholeCoordinator]
    assert alive == [loaded.runtime_data]
    assert await hass.config_entries.async_unload(loaded.entry_id)
    await eventually(hass, lambda: not server.listening)
    assert not our_tasks()


async def test_unloading_does_not_wait_for_a_server_that_is_away(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """Its tokens ended with it."""
    coordinator = loaded.runtime_data
    await coordinator.tokens.get("garden")
    await server.stop()
    await eventually(hass, lambda: not coordinator.available)
    asked = len(server.requests)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert len(server.requests) == asked


async def test_an_entry_that_is_removed_and_added_again(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """It begins anew, with the same entities."""
    data = dict(loaded.data)
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    entities = er.async_get(hass).entities.values()
    assert not [each for each in entities if each.platform == DOMAIN]
    assert not dr.async_get(hass).devices
    again = MockConfigEntry(
        domain=DOMAIN, title="Porthole", unique_id=loaded.unique_id, data=data
    )
    again.add_to_hass(hass)
    assert await hass.config_entries.async_setup(again.entry_id)
    assert again.state is ConfigEntryState.LOADED
    await eventually(hass, lambda: hass.states.get("camera.front_door"))
    assert state_of(hass, "camera.front_door").state == "streaming"
    await hass.config_entries.async_unload(again.entry_id)


async def test_a_camera_that_comes_back(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """All its entities come back, and those of abilities that it did not have before."""
    await server.push({"type": "removed", "id": "garden"})
    await eventually(hass, lambda: hass.states.get("camera.garden") is None)
    await server.push_camera("garden", talk=True)
    await eventually(hass, lambda: hass.states.get("media_player.garden_loudspeaker"))
    assert hass.states.get("camera.garden")
    assert hass.states.get("button.garden_restart")


async def test_a_listener_that_fails(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    server: FakeServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The others hear of the change, and the connection stays."""

    def fail() -> None:
        raise RuntimeError("a bug")

    stop = loaded.runtime_data.listen("garden", fail)
    await server.push_camera("garden", viewers=3)
    await eventually(hass, lambda: state_of(hass, "sensor.garden_viewers").state == "3")
    stop()
    assert loaded.runtime_data.available
    assert "a bug" in caplog.text
    # It is meant to be in the log; the fixtures of core would complain.
    caplog.clear()


async def test_secrets_stay_secret(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    server: FakeServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither password nor tokens are in the log at its loudest, in errors, states or diagnostics."""
    caplog.set_level(logging.DEBUG)
    coordinator = loaded.runtime_data
    token = await coordinator.tokens.get("garden")
    said: list[str] = []
    for status in (401, 404, 500):
        server.refusals["cameras/restart"] = (status, "no")
        with pytest.raises(HomeAssistantError) as refused:
            await hass.services.async_call(
                "button", "press", {"entity_id": "button.garden_restart"}, blocking=True
            )
        said += [repr(refused.value), repr(refused.value.__cause__)]
    host = URL(server.url).host or ""
    await server.stop()
    await eventually(hass, lambda: not coordinator.available)
    with pytest.raises(PortholeError) as lost:
        async with coordinator.client.request(
            "GET", "frame.jpeg", {"src": "garden", "token": token}, token=token
        ):
            pass
    said.append(repr(lost.value))
    coordinator.error = lost.value
    diagnostics = json.dumps(await async_get_config_entry_diagnostics(hass, loaded))
    assert host not in diagnostics
    states = json.dumps(
        [state.as_dict() for state in hass.states.async_all()], default=str
    )
    everything = "\n".join((caplog.text, diagnostics, states, *said))
    assert coordinator.entry.title in everything
    for secret in (PASSWORD, token, coordinator.client._authorization or ""):
        assert secret
        assert secret not in everything
