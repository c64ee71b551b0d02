"""What a user may show to others when something does not work."""

from typing import Any

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.const import CONF_PASSWORD, CONF_URL, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry
from yarl import URL

from .const import DOMAIN
from .coordinator import PortholeConfigEntry

_SECRETS = {CONF_USERNAME, CONF_PASSWORD, "id", "unique_id", "address", "token"}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: PortholeConfigEntry
) -> dict[str, Any]:
    """Describe the server and all its cameras."""
    coordinator = entry.runtime_data
    error = coordinator.error
    url = URL(entry.data[CONF_URL])
    return {
        "entry": {
            "data": async_redact_data(dict(entry.data), _SECRETS)
            | {CONF_URL: f"{url.scheme}://{REDACTED}:{url.port}"},
            "options": dict(entry.options),
            "cameras": sorted(
                subentry.unique_id or "" for subentry in entry.subentries.values()
            ),
        },
        "connected": coordinator.available,
        "error": str(error).replace(url.host or "", REDACTED) if error else None,
        "server": async_redact_data(dict(coordinator.state.server.raw), _SECRETS),
        "cameras": {
            camera.id: dict(camera.raw) for camera in coordinator.state.cameras.values()
        },
        "tiers": dict(coordinator.tiers),
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: PortholeConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Describe one camera, or the server's own device."""
    coordinator = entry.runtime_data
    for camera in coordinator.state.cameras.values():
        if coordinator.device_identifier(camera.id) in device.identifiers:
            return {"connected": coordinator.available, "camera": dict(camera.raw)}
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    return {DOMAIN: diagnostics["server"], "connected": diagnostics["connected"]}
