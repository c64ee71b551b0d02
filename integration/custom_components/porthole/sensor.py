"""Diagnostic values of a camera: viewers, rates, codecs, the last error."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfDataRate

from .entity import PortholeEntity
from .entity_kinds import EntityKind, setup_platform
from .models import CameraState, CameraStatus, Track

PARALLEL_UPDATES = 0

#: The longest state that Home Assistant keeps.
_MAX_STATE = 255
_NO_ERROR = "none"


def _live(value: Callable[[CameraState], float | None], camera: CameraState) -> float:
    """While it is not watched, nothing flows."""
    return (value(camera) or 0) if camera.status is CameraStatus.LIVE else 0


def _codec(track: Track | None) -> str | None:
    return track.codec if track else None


def _size(camera: CameraState) -> Mapping[str, Any]:
    if (video := camera.video) is None or video.width is None:
        return {}
    return {"width": video.width, "height": video.height}


def _error(camera: CameraState) -> str:
    if camera.error is None:
        return _NO_ERROR
    return camera.error.message[:_MAX_STATE]


@dataclass(frozen=True, kw_only=True)
class PortholeSensorDescription(SensorEntityDescription):
    """A sensor and where its value comes from."""

    value: Callable[[CameraState], str | float | None]
    attributes: Callable[[CameraState], Mapping[str, Any]] = lambda _: {}


SENSORS = (
    PortholeSensorDescription(
        key="viewers",
        translation_key="viewers",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda camera: camera.viewers,
    ),
    PortholeSensorDescription(
        key="bitrate",
        translation_key="bitrate",
        device_class=SensorDeviceClass.DATA_RATE,
        native_unit_of_measurement=UnitOfDataRate.BITS_PER_SECOND,
        suggested_unit_of_measurement=UnitOfDataRate.MEGABITS_PER_SECOND,
        suggested_display_precision=1,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda camera: _live(lambda camera: camera.bitrate, camera),
    ),
    PortholeSensorDescription(
        key="fps",
        translation_key="fps",
        native_unit_of_measurement="fps",
        suggested_display_precision=0,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda camera: _live(lambda camera: camera.fps, camera),
    ),
    PortholeSensorDescription(
        key="video_codec",
        translation_key="video_codec",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda camera: _codec(camera.video),
        attributes=_size,
    ),
    PortholeSensorDescription(
        key="audio_codec",
        translation_key="audio_codec",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda camera: _codec(camera.audio),
    ),
    PortholeSensorDescription(
        key="last_error",
        translation_key="last_error",
        entity_category=EntityCategory.DIAGNOSTIC,
        value=_error,
        attributes=lambda camera: {"code": camera.error.code} if camera.error else {},
    ),
)


class PortholeSensor(PortholeEntity, SensorEntity):
    """A value of a camera."""

    entity_description: PortholeSensorDescription

    @property
    @override
    def native_value(self) -> str | float | None:
        return self.entity_description.value(self.state_of_camera)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        return self.entity_description.attributes(self.state_of_camera)


async_setup_entry = setup_platform(
    *(EntityKind(PortholeSensor, description) for description in SENSORS)
)
