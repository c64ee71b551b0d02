"""A server, an entry, and what stands between them."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any
from unittest.mock import PropertyMock, patch

from homeassistant.const import (
    CONF_PASSWORD,
    CONF_URL,
    CONF_USERNAME,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.porthole import coordinator
from custom_components.porthole.const import DOMAIN

from .fake_server import PASSWORD, SERVER_ID, USERNAME, FakeServer

pytest_plugins = ("pytest_homeassistant_custom_component.plugins",)

type Settle = Callable[[], Coroutine[Any, Any, None]]


@pytest.fixture(autouse=True)
def _custom_integrations(enable_custom_integrations: None) -> None:
    """Let Home Assistant find the integration."""


@pytest.fixture(autouse=True)
def _quick_retries() -> Any:
    """Come back at once."""
    with (
        patch.object(coordinator, "FIRST_RETRY_S", 0.01),
        patch.object(coordinator, "LAST_RETRY_S", 0.02),
    ):
        yield


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[FakeServer]:
    """Run a server with two cameras."""
    async with FakeServer() as server:
        yield server


@pytest.fixture
def all_entities() -> Iterator[None]:
    """Enable entities that are disabled at first."""
    with patch(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default",
        PropertyMock(return_value=True),
    ):
        yield


@pytest.fixture
async def platform(hass: HomeAssistant) -> None:
    """Set up what the integration stands on."""
    for component in ("homeassistant", "http", "repairs", "camera", "media_source"):
        assert await async_setup_component(hass, component, {})


@pytest.fixture
def entry(hass: HomeAssistant, server: FakeServer, platform: None) -> MockConfigEntry:
    """Add an entry for the server, not set up yet."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Porthole",
        unique_id=SERVER_ID,
        data={
            CONF_URL: server.url,
            CONF_USERNAME: USERNAME,
            CONF_PASSWORD: PASSWORD,
            CONF_VERIFY_SSL: True,
        },
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
async def loaded(
    hass: HomeAssistant, entry: MockConfigEntry, server: FakeServer
) -> AsyncIterator[MockConfigEntry]:
    """Set the entry up, connected."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await server.connected()
    await hass.async_block_till_done()
    yield entry
    if entry.entry_id in {
        each.entry_id for each in hass.config_entries.async_entries()
    }:
        await hass.config_entries.async_unload(entry.entry_id)
