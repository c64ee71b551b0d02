"""Which stream of a camera is shown where nothing else decides: the large one, the small one, or by the size on the screen."""

from typing import override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.helpers.restore_state import RestoreEntity

from .const import TIER_AUTO, TIER_MAIN, TIER_SUB
from .entity import PortholeEntity
from .entity_kinds import EntityKind, setup_platform

PARALLEL_UPDATES = 0


class PortholeTierSelect(PortholeEntity, SelectEntity, RestoreEntity):
    """The choice is Home Assistant's, not the server's: it is kept here."""

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


async_setup_entry = setup_platform(
    EntityKind(
        PortholeTierSelect,
        SelectEntityDescription(
            key="stream",
            translation_key="stream",
            entity_category=EntityCategory.CONFIG,
            options=[TIER_AUTO, TIER_MAIN, TIER_SUB],
        ),
        lambda camera: camera.sub is not None,
    )
)
