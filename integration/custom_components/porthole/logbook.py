"""How events of cameras read in the logbook."""

from collections.abc import Callable

from homeassistant.components.logbook import LOGBOOK_ENTRY_MESSAGE, LOGBOOK_ENTRY_NAME
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import (
    DOMAIN,
    EVENT_PORTHOLE,
    TYPE_MOTION,
    TYPE_OFFLINE,
    TYPE_ONLINE,
    TYPE_RING,
)

_MESSAGES = {
    TYPE_MOTION: "saw something move",
    TYPE_OFFLINE: "went offline",
    TYPE_ONLINE: "came back online",
    TYPE_RING: "was rung",
}


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], dict[str, str]]], None],
) -> None:
    """Describe them."""

    @callback
    def describe(event: Event) -> dict[str, str]:
        device = dr.async_get(hass).async_get(event.data["device_id"])
        name = (device.name_by_user or device.name) if device else None
        return {
            LOGBOOK_ENTRY_NAME: name or event.data["camera"],
            LOGBOOK_ENTRY_MESSAGE: _MESSAGES[event.data["type"]],
        }

    async_describe_event(DOMAIN, EVENT_PORTHOLE, describe)
