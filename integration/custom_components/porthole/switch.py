"""Whether the sources of a camera may be opened."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory

from .entity import PortholeEntity
from .entity_kinds import EntityKind, setup_platform

PARALLEL_UPDATES = 0


class PortholeEnabledSwitch(PortholeEntity, SwitchEntity):
    """Off: nothing opens the camera, whoever asks."""

    @property
    @override
    def is_on(self) -> bool:
        return self.state_of_camera.enabled

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await self.enable(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await self.enable(False)


async_setup_entry = setup_platform(
    EntityKind(
        PortholeEnabledSwitch,
        SwitchEntityDescription(
            key="enabled",
            translation_key="enabled",
            entity_category=EntityCategory.CONFIG,
        ),
    )
)
