"""Which stream of a camera is shown where nothing else decides: the large one, the small one, or by the size on the screen."""

from collections.abc import Iterator
from typing import override

from homeassistant.components.select import SelectEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import RestoreEntity

from .const import TIER_AUTO, TIER_MAIN, TIER_SUB
from .coordinator import PortholeConfigEntry, PortholeCoordinator
from .entity import PortholeEntity, async_setup_cameras
from .models import CameraState

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PortholeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a choice to each camera that has a sub stream."""

    def create(
        coordinator: PortholeCoordinator, camera: CameraState
    ) -> Iterator[PortholeTierSelect]:
        if camera.sub:
            yield PortholeTierSelect(coordinator, camera)

    async_setup_cameras(entry, async_add_entities, create)


class PortholeTierSelect(PortholeEntity, SelectEntity, RestoreEntity):
    """The choice is Home Assistant's, not the server's: it is kept here."""

    _attr_translation_key = "stream"
    _attr_entity_category = EntityCategory.CONFIG
    _attr_options = [TIER_AUTO, TIER_MAIN, TIER_SUB]  # noqa: RUF012

    def __init__(self, coordinator: PortholeCoordinator, camera: CameraState) -> None:
        """Name it."""
        super().__init__(coordinator, camera, "stream")

    @property
    @override
    def available(self) -> bool:
        return super().available and self.state_of_camera.sub is not None

    @property
    @override
    def current_option(self) -> str:
        return self.coordinator.tiers.get(self.camera_id, TIER_AUTO)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        last = await self.async_get_last_state()
        if last is not None and last.state in self.options:
            self.coordinator.set_tier(self.camera_id, last.state)

    @override
    async def async_select_option(self, option: str) -> None:
        self.coordinator.set_tier(self.camera_id, option)
