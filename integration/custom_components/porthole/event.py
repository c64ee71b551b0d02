"""The bell of a doorbell."""

from typing import override

from homeassistant.components.event import (
    DoorbellEventType,
    EventDeviceClass,
    EventEntity,
    EventEntityDescription,
)
from homeassistant.core import callback

from .const import TYPE_RING
from .entity import PortholeEntity
from .entity_kinds import EntityKind, setup_platform
from .models import CameraEvent

PARALLEL_UPDATES = 0


class PortholeDoorbell(PortholeEntity, EventEntity):
    """Somebody rings."""

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.listen_events(self.camera_id, self._happened)
        )

    @callback
    def _happened(self, event: CameraEvent) -> None:
        if event.event == TYPE_RING and event.active:
            self._trigger_event(DoorbellEventType.RING)
            self.async_write_ha_state()


async_setup_entry = setup_platform(
    EntityKind(
        PortholeDoorbell,
        EventEntityDescription(
            key="ring",
            translation_key="doorbell",
            device_class=EventDeviceClass.DOORBELL,
            event_types=[DoorbellEventType.RING],
        ),
        lambda camera: camera.rings,
    )
)
