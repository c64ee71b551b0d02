"""Closes the sources of a camera and opens them anew."""

from typing import override

from homeassistant.components.button import ButtonDeviceClass, ButtonEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import PortholeConfigEntry, PortholeCoordinator
from .entity import PortholeEntity, async_setup_cameras
from .models import CameraState

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PortholeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the buttons of all cameras."""
    async_setup_cameras(
        entry,
        async_add_entities,
        lambda coordinator, camera: [PortholeRestartButton(coordinator, camera)],
    )


class PortholeRestartButton(PortholeEntity, ButtonEntity):
    """Restarts a camera; viewers stay."""

    _attr_device_class = ButtonDeviceClass.RESTART
    _attr_entity_category = EntityCategory.CONFIG

    def __init__(self, coordinator: PortholeCoordinator, camera: CameraState) -> None:
        """Name it."""
        super().__init__(coordinator, camera, "restart")

    @override
    async def async_press(self) -> None:
        await self.ask(self.coordinator.client.restart_camera(self.camera_id))
