"""Porthole: cameras of a Porthole server in Home Assistant."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    CONF_PASSWORD,
    CONF_URL,
    CONF_USERNAME,
    CONF_VERIFY_SSL,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryError,
    ConfigEntryNotReady,
)
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.typing import ConfigType
from homeassistant.loader import async_get_integration

from .card import async_register_card, async_serve_card, async_unregister_card
from .client import PortholeClient
from .const import DOMAIN, PLATFORMS, SIGNAL_LOADED
from .coordinator import PortholeConfigEntry, PortholeCoordinator
from .errors import PortholeAuthError, PortholeError, PortholeVersionError
from .issues import (
    async_keep_issues,
    async_tell_version_issue,
)
from .models import State
from .services import async_register_services
from .subentries import async_keep_subentries
from .views import async_register_views
from .websocket_api import async_register_commands

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what all servers share: actions, views, commands, the card's files."""
    async_register_services(hass)
    async_register_views(hass)
    async_register_commands(hass)
    await async_serve_card(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: PortholeConfigEntry) -> bool:
    """Connect to a server."""
    client = client_of(hass, entry)
    state = await _first_state(hass, entry, client)
    version = (await async_get_integration(hass, DOMAIN)).version
    coordinator = PortholeCoordinator(hass, entry, client, state, str(version))
    entry.runtime_data = coordinator
    coordinator.device_id = _server_device(hass, entry, state).id
    async_keep_subentries(coordinator)
    async_keep_issues(coordinator)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    await async_register_card(hass)
    coordinator.start()
    async_dispatcher_send(hass, SIGNAL_LOADED, entry)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: PortholeConfigEntry) -> bool:
    """Disconnect; what watches through here is told."""
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded:
        await entry.runtime_data.stop()
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: PortholeConfigEntry) -> None:
    """Take the card along with the last server."""
    if not hass.config_entries.async_entries(DOMAIN, include_ignore=False):
        await async_unregister_card(hass)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: PortholeConfigEntry, device: DeviceEntry
) -> bool:
    """Let the user delete devices of cameras that the server no longer has."""
    coordinator = entry.runtime_data
    present = {
        coordinator.device_identifier(camera) for camera in coordinator.state.cameras
    }
    present.add((DOMAIN, coordinator.server_id))
    return not device.identifiers & present


def client_of(hass: HomeAssistant, entry: ConfigEntry) -> PortholeClient:
    """Make the client of an entry."""
    data = entry.data
    return PortholeClient(
        async_get_clientsession(hass, data.get(CONF_VERIFY_SSL, True)),
        data[CONF_URL],
        data.get(CONF_USERNAME),
        data.get(CONF_PASSWORD),
    )


async def _first_state(
    hass: HomeAssistant, entry: PortholeConfigEntry, client: PortholeClient
) -> State:
    """Ask for the state. Raises what Home Assistant acts on."""
    try:
        state = await client.state()
    except PortholeAuthError as error:
        raise ConfigEntryAuthFailed(
            translation_domain=DOMAIN, translation_key="invalid_auth"
        ) from error
    except PortholeVersionError as error:
        async_tell_version_issue(hass, entry, error)
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="server_too_new" if error.too_new else "server_too_old",
        ) from error
    except PortholeError as error:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="cannot_connect",
            translation_placeholders={"error": str(error)},
        ) from error
    if state.server.id != entry.unique_id:
        raise ConfigEntryError(
            translation_domain=DOMAIN, translation_key="another_server"
        )
    return state


def _server_device(
    hass: HomeAssistant, entry: PortholeConfigEntry, state: State
) -> DeviceEntry:
    """Register the server, to which the cameras belong."""
    return dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, state.server.id)},
        entry_type=dr.DeviceEntryType.SERVICE,
        name=entry.title,
        manufacturer="Porthole",
        sw_version=state.server.version,
        # An add-on is opened through Home Assistant.
        configuration_url=None if state.server.addon else entry.data[CONF_URL],
    )
