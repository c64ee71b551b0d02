"""Whether the sources of a camera may be opened."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity
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
    """Add the switches of all cameras."""
    async_setup_cameras(
        entry,
        async_add_entities,
        lambda coordinator, camera: [PortholeEnabledSwitch(coordinator, camera)],
    )


class PortholeEnabledSwitch(PortholeEntity, SwitchEntity):
    """Off: nothing opens the camera, whoever asks."""

    _attr_translation_key = "enabled"
    _attr_entity_category = EntityCategory.CONFIG

    def __init__(self, coordinator: PortholeCoordinator, camera: CameraState) -> None:
        """Name it."""
        super().__init__(coordinator, camera, "enabled")

    @property
    @override
    def is_on(self) -> bool:
        return self.state_of_camera.enabled

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await self._set(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await self._set(False)

    async def _set(self, enabled: bool) -> None:
        self.coordinator.receive_camera(
            await self.ask(
                self.coordinator.client.put_camera(self.camera_id, {"enabled": enabled})
            )
        )
