"""What the entities of a camera have in common."""

from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, override

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .coordinator import PortholeConfigEntry, PortholeCoordinator
from .errors import PortholeError
from .models import CameraState
from .subentries import subentry_of

type EntityFactory = Callable[
    [PortholeCoordinator, CameraState], Iterable[PortholeEntity]
]


class PortholeEntity(Entity):
    """An entity of a camera: pushed to, and there as long as the server is connected and has the camera."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self, coordinator: PortholeCoordinator, camera: CameraState, key: str
    ) -> None:
        """Name the entity and its device."""
        super().__init__()
        self.coordinator = coordinator
        self.camera_id = camera.id
        self._last = camera
        self._attr_unique_id = f"{coordinator.server_id}_{camera.id}_{key}"
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


@callback
def async_setup_cameras(
    entry: PortholeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    create: EntityFactory,
) -> None:
    """Add what `create` makes of each camera, now and whenever a camera or an ability of one comes up.

    `create` gives the same entities again and again; those whose unique id is there already are dropped.
    """
    coordinator = entry.runtime_data.coordinator
    present: dict[str, set[str]] = {}
    listening: dict[str, Callable[[], None]] = {}

    @callback
    def add(camera_id: str) -> None:
        camera = coordinator.state.cameras.get(camera_id)
        subentry = subentry_of(entry, camera_id)
        if camera is None or subentry is None:
            return
        known = present.setdefault(camera_id, set())
        new = [
            entity
            for entity in create(coordinator, camera)
            if entity.unique_id and entity.unique_id not in known
        ]
        if new:
            known.update(entity.unique_id for entity in new if entity.unique_id)
            async_add_entities(new, config_subentry_id=subentry.subentry_id)

    @callback
    def look() -> None:
        wanted = [
            camera_id
            for camera_id in coordinator.state.cameras
            if subentry_of(entry, camera_id)
        ]
        for camera_id in listening.keys() - wanted:
            listening.pop(camera_id)()
            present.pop(camera_id, None)
        for camera_id in wanted:
            if camera_id in listening:
                continue
            listening[camera_id] = coordinator.listen(
                camera_id, partial(add, camera_id)
            )
            add(camera_id)

    @callback
    def stop() -> None:
        for end in listening.values():
            end()

    look()
    entry.async_on_unload(coordinator.listen(None, look))
    entry.async_on_unload(stop)
