"""A few facts for the page of the system's health."""

from typing import Any

from homeassistant.components import system_health
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .coordinator import PortholeConfigEntry
from .errors import PortholeError
from .models import CameraStatus


@callback
def async_register(
    hass: HomeAssistant, register: system_health.SystemHealthRegistration
) -> None:
    """Register the facts."""
    register.async_register_info(_info)


async def _info(hass: HomeAssistant) -> dict[str, Any]:
    entries: list[PortholeConfigEntry] = hass.config_entries.async_loaded_entries(
        DOMAIN
    )
    coordinators = [entry.runtime_data for entry in entries]
    cameras = [
        camera
        for coordinator in coordinators
        for camera in coordinator.state.cameras.values()
    ]
    info: dict[str, Any] = {
        "cameras": len(cameras),
        "cameras_failing": sum(
            camera.status is CameraStatus.FAILED for camera in cameras
        ),
        "viewers": sum(camera.viewers for camera in cameras),
        "server_version": ", ".join(
            coordinator.state.server.version for coordinator in coordinators
        ),
    }
    if entries:
        info["can_reach_server"] = _reach(entries)
    return info


async def _reach(entries: list[PortholeConfigEntry]) -> str | dict[str, str]:
    for entry in entries:
        try:
            await entry.runtime_data.client.state()
        except PortholeError as error:
            return {"type": "failed", "error": f"{entry.title}: {error}"}
    return "ok"
