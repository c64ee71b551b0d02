"""Setting an entry up, and what keeps it from that."""

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.porthole.const import DOMAIN

from .fake_server import FakeServer
from .helpers import eventually


@pytest.mark.parametrize(
    ("refusal", "state"),
    [
        ((503, "starting"), ConfigEntryState.SETUP_RETRY),
        ((401, "who?"), ConfigEntryState.SETUP_ERROR),
        ((404, "404 page not found"), ConfigEntryState.SETUP_ERROR),
    ],
)
async def test_refused(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    server: FakeServer,
    refusal: tuple[int, str],
    state: ConfigEntryState,
) -> None:
    """Each refusal leads to what helps."""
    server.refusals["cameras"] = refusal
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is state


@pytest.mark.parametrize(
    "answer", [{"id": "another-server"}, {"api": 2}, {"api": None}, {"version": None}]
)
async def test_not_our_server(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    server: FakeServer,
    answer: dict[str, object],
) -> None:
    """A server that is another one, or speaks another language, is not used."""
    server.server.update(answer)
    if answer == {"version": None}:
        del server.server["version"]
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state in (ConfigEntryState.SETUP_ERROR, ConfigEntryState.SETUP_RETRY)


async def test_nobody_there(
    hass: HomeAssistant, entry: MockConfigEntry, server: FakeServer
) -> None:
    """It is tried again."""
    await server.stop()
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY


async def test_a_password_that_is_changed(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """The user is asked for the new one."""
    await server.stop()
    server.password = "another"
    await server.start()
    await eventually(
        hass,
        lambda: any(
            flow["context"]["source"] == SOURCE_REAUTH
            for flow in hass.config_entries.flow.async_progress()
        ),
    )


# The ping of the socket that is cut while it closes.
@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_another_server_at_the_same_address(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    server: FakeServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its cameras are not taken for those of the one that was there."""
    await server.stop()
    server.server["id"] = "another"
    server.cameras = {}
    await server.start()
    await server.connected()
    await eventually(hass, lambda: not loaded.runtime_data.available)
    assert len(loaded.subentries) == 2


async def test_unloading(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """Its tokens are revoked."""
    await loaded.runtime_data.tokens.get("garden")
    assert server.tokens
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert loaded.state is ConfigEntryState.NOT_LOADED
    assert not server.tokens


async def test_devices_may_be_deleted_when_their_camera_is_gone(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    """Others may not."""
    assert await async_setup_component(hass, "config", {})
    devices = dr.async_get(hass)
    left = devices.async_get_or_create(
        config_entry_id=loaded.entry_id, identifiers={(DOMAIN, "of a camera long gone")}
    )
    present = devices.async_get_device_by_identifier(
        loaded.runtime_data.device_identifier("garden"), loaded.entry_id
    )
    assert present
    client = await hass_ws_client(hass)
    assert (await client.remove_device(left.id))["success"]
    assert not (await client.remove_device(present.id))["success"]
