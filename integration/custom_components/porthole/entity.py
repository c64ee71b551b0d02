"""What the entities of a camera have in common."""

from collections.abc import Coroutine
from typing import Any, override

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription

from .const import DOMAIN
from .coordinator import PortholeCoordinator
from .errors import PortholeError
from .models import CameraState


class PortholeEntity(Entity):
    """An entity of a camera: pushed to, and there as long as the server is connected and has the camera."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self,
        coordinator: PortholeCoordinator,
        camera: CameraState,
        description: EntityDescription,
    ) -> None:
        """Name the entity and its device."""
        super().__init__()
        self.entity_description = description
        self.coordinator = coordinator
        self.camera_id = camera.id
        self._last = camera
        self._attr_unique_id = coordinator.unique_id(camera.id, description.key)
        self._attr_device_info = DeviceInfo(
            identifiers={coordinator.device_identifier(camera.id)},
            name=camera.name,
            manufacturer="Porthole",
            suggested_area=camera.area,
            via_device_id=coordinator.device_id,
        )

    @property
    def state_of_camera(self) -> CameraState:
        """The camera as the server last told."""
        self._last = self.coordinator.state.cameras.get(self.camera_id, self._last)
        return self._last

    @property
    @override
    def available(self) -> bool:
        return (
            super().available
            and self.coordinator.available
            and self.camera_id in self.coordinator.state.cameras
        )

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.listen(self.camera_id, self._changed))

    @callback
    def _changed(self) -> None:
        """Take a change of the camera, or of the connection."""
        self.async_write_ha_state()

    async def ask[T](self, request: Coroutine[Any, Any, T]) -> T:
        """Await a request to the server; what it refuses is told to the user. Raises HomeAssistantError."""
        return await ask(self.coordinator, request)

    async def enable(self, enabled: bool) -> None:
        """Say whether the sources of the camera may be opened. Raises HomeAssistantError."""
        changes = {"enabled": enabled}
        await self.ask(self.coordinator.change_camera(self.camera_id, changes))


async def ask[T](
    coordinator: PortholeCoordinator, request: Coroutine[Any, Any, T]
) -> T:
    """Await a request to the server; what it refuses is told to the user. Raises HomeAssistantError."""
    try:
        return await request
    except PortholeError as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="request_failed",
            translation_placeholders={
                "server": coordinator.entry.title,
                "error": str(error),
            },
        ) from error
