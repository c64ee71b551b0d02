"""The bell of a doorbell."""

from collections.abc import Iterator
from typing import override

from homeassistant.components.event import (
    DoorbellEventType,
    EventDeviceClass,
    EventEntity,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import TYPE_RING
from .coordinator import PortholeConfigEntry, PortholeCoordinator
from .entity import PortholeEntity, async_setup_cameras
from .models import CameraEvent, CameraState

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PortholeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a bell to each doorbell."""

    def create(
        coordinator: PortholeCoordinator, camera: CameraState
    ) -> Iterator[PortholeDoorbell]:
        if camera.rings:
            yield PortholeDoorbell(coordinator, camera)

    async_setup_cameras(entry, async_add_entities, create)


class PortholeDoorbell(PortholeEntity, EventEntity):
    """Somebody rings."""

    _attr_translation_key = "doorbell"
    _attr_device_class = EventDeviceClass.DOORBELL
    _attr_event_types = [DoorbellEventType.RING]  # noqa: RUF012

    def __init__(self, coordinator: PortholeCoordinator, camera: CameraState) -> None:
        """Name it."""
        super().__init__(coordinator, camera, "ring")

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
