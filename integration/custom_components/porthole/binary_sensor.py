"""Whether a camera works, and whether something moves before it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import PortholeConfigEntry, PortholeCoordinator, is_online
from .entity import PortholeEntity, async_setup_cameras
from .models import CameraState

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class PortholeBinarySensorDescription(BinarySensorEntityDescription):
    """A sensor and where its value comes from."""

    value: Callable[[CameraState], bool | None]
    exists: Callable[[CameraState], bool] = lambda _: True


SENSORS = (
    PortholeBinarySensorDescription(
        key="connectivity",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=is_online,
    ),
    PortholeBinarySensorDescription(
        key="motion",
        device_class=BinarySensorDeviceClass.MOTION,
        value=lambda camera: camera.motion,
        exists=lambda camera: "motion" in camera.events or camera.motion is not None,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PortholeConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of all cameras."""

    def create(
        coordinator: PortholeCoordinator, camera: CameraState
    ) -> Iterator[PortholeBinarySensor]:
        for description in SENSORS:
            if description.exists(camera):
                yield PortholeBinarySensor(coordinator, camera, description)

    async_setup_cameras(entry, async_add_entities, create)


class PortholeBinarySensor(PortholeEntity, BinarySensorEntity):
    """A value of a camera that is true or false."""

    entity_description: PortholeBinarySensorDescription

    def __init__(
        self,
        coordinator: PortholeCoordinator,
        camera: CameraState,
        description: PortholeBinarySensorDescription,
    ) -> None:
        """Take the description."""
        super().__init__(coordinator, camera, description.key)
        self.entity_description = description

    @property
    @override
    def is_on(self) -> bool | None:
        return self.entity_description.value(self.state_of_camera)
