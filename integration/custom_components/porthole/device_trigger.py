"""Triggers of a camera's device: somebody rings, something moves, the camera goes and comes back."""

from typing import Any

from homeassistant.components.device_automation import DEVICE_TRIGGER_BASE_SCHEMA
from homeassistant.components.homeassistant.triggers import event as event_trigger
from homeassistant.const import (
    CONF_DEVICE_ID,
    CONF_DOMAIN,
    CONF_EVENT_DATA,
    CONF_PLATFORM,
    CONF_TYPE,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.trigger import TriggerActionType, TriggerInfo
from homeassistant.helpers.typing import ConfigType
import probatio

from .access import loaded_entry
from .const import (
    DOMAIN,
    EVENT_PORTHOLE,
    EVENT_TYPES,
    TYPE_MOTION,
    TYPE_OFFLINE,
    TYPE_ONLINE,
    TYPE_RING,
)

TRIGGER_SCHEMA = DEVICE_TRIGGER_BASE_SCHEMA.extend(
    {probatio.Required(CONF_TYPE): probatio.In(EVENT_TYPES)}
)


async def async_get_triggers(
    hass: HomeAssistant, device_id: str
) -> list[dict[str, Any]]:
    """List what this camera can tell of."""
    device = dr.async_get(hass).async_get(device_id)
    entry = loaded_entry(hass, device.config_entry_id) if device else None
    if device is None or entry is None:
        return []
    coordinator = entry.runtime_data
    for camera in coordinator.state.cameras.values():
        if coordinator.device_identifier(camera.id) in device.identifiers:
            types = [TYPE_ONLINE, TYPE_OFFLINE]
            if camera.rings:
                types.append(TYPE_RING)
            if TYPE_MOTION in camera.events:
                types.append(TYPE_MOTION)
            return [
                {
                    CONF_PLATFORM: "device",
                    CONF_DOMAIN: DOMAIN,
                    CONF_DEVICE_ID: device_id,
                    CONF_TYPE: trigger_type,
                }
                for trigger_type in types
            ]
    return []


async def async_attach_trigger(
    hass: HomeAssistant,
    config: ConfigType,
    action: TriggerActionType,
    trigger_info: TriggerInfo,
) -> CALLBACK_TYPE:
    """Listen to the bus, where the coordinator tells of it."""
    event_config = event_trigger.TRIGGER_SCHEMA(
        {
            CONF_PLATFORM: "event",
            event_trigger.CONF_EVENT_TYPE: EVENT_PORTHOLE,
            CONF_EVENT_DATA: {
                CONF_DEVICE_ID: config[CONF_DEVICE_ID],
                CONF_TYPE: config[CONF_TYPE],
            },
        }
    )
    return await event_trigger.async_attach_trigger(
        hass, event_config, action, trigger_info, platform_type="device"
    )
