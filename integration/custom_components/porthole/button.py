"""Closes the sources of a camera and opens them anew."""

from typing import override

from homeassistant.components.button import (
    ButtonDeviceClass,
    ButtonEntity,
    ButtonEntityDescription,
)
from homeassistant.const import EntityCategory

from .entity import PortholeEntity
from .entity_kinds import EntityKind, setup_platform

PARALLEL_UPDATES = 0


class PortholeRestartButton(PortholeEntity, ButtonEntity):
    """Restarts a camera; viewers stay."""

    @override
    async def async_press(self) -> None:
        await self.ask(self.coordinator.client.restart_camera(self.camera_id))


async_setup_entry = setup_platform(
    EntityKind(
        PortholeRestartButton,
        ButtonEntityDescription(
            key="restart",
            device_class=ButtonDeviceClass.RESTART,
            entity_category=EntityCategory.CONFIG,
        ),
    )
)
