"""Whether a camera works, and whether something moves before it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory

from .const import TYPE_MOTION
from .coordinator import is_online
from .entity import PortholeEntity
from .entity_kinds import EntityKind, setup_platform
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
        exists=lambda camera: TYPE_MOTION in camera.events or camera.motion is not None,
    ),
)


class PortholeBinarySensor(PortholeEntity, BinarySensorEntity):
    """A value of a camera that is true or false."""

    entity_description: PortholeBinarySensorDescription

    @property
    @override
    def is_on(self) -> bool | None:
        return self.entity_description.value(self.state_of_camera)


async_setup_entry = setup_platform(
    *(
        EntityKind(PortholeBinarySensor, description, description.exists)
        for description in SENSORS
    )
)
