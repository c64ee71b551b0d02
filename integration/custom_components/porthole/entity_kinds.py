"""Adds the entities of a platform: each kind for each camera that can have it, as soon as that is known."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import PortholeConfigEntry
from .entity import PortholeEntity
from .models import CameraState
from .subentries import subentry_of

type SetupEntry = Callable[
    [HomeAssistant, PortholeConfigEntry, AddConfigEntryEntitiesCallback],
    Coroutine[Any, Any, None],
]


def _always(_: CameraState) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class EntityKind:
    """An entity that cameras have, or those that `exists` is true of."""

    entity: type[PortholeEntity]
    description: EntityDescription
    exists: Callable[[CameraState], bool] = _always


def setup_platform(*kinds: EntityKind) -> SetupEntry:
    """Make the `async_setup_entry` of a platform."""

    async def async_setup_entry(
        hass: HomeAssistant,
        entry: PortholeConfigEntry,
        async_add_entities: AddConfigEntryEntitiesCallback,
    ) -> None:
        adder = _Adder(entry, async_add_entities, kinds)
        entry.async_on_unload(adder.stop)
        entry.async_on_unload(entry.runtime_data.listen(None, adder.follow_cameras))
        adder.follow_cameras()

    return async_setup_entry


class _Adder:
    """Knows which kinds of entities each camera has already."""

    def __init__(
        self,
        entry: PortholeConfigEntry,
        async_add_entities: AddConfigEntryEntitiesCallback,
        kinds: tuple[EntityKind, ...],
    ) -> None:
        self._entry = entry
        self._coordinator = entry.runtime_data
        self._async_add_entities = async_add_entities
        self._kinds = kinds
        self._missing: dict[str, list[EntityKind]] = {}
        self._listening: dict[str, CALLBACK_TYPE] = {}

    @callback
    def follow_cameras(self) -> None:
        """Watch the cameras that have a subentry, and no others."""
        wanted = {
            camera_id
            for camera_id in self._coordinator.state.cameras
            if subentry_of(self._entry, camera_id)
        }
        for camera_id in self._listening.keys() - wanted:
            self._listening.pop(camera_id)()
        for camera_id in wanted - self._listening.keys():
            # A camera that comes back begins anew: its entities went with its subentry.
            self._missing[camera_id] = list(self._kinds)
            self._listening[camera_id] = self._coordinator.listen(
                camera_id, partial(self._add, camera_id)
            )
            self._add(camera_id)

    @callback
    def _add(self, camera_id: str) -> None:
        camera = self._coordinator.state.cameras.get(camera_id)
        subentry = subentry_of(self._entry, camera_id)
        missing = self._missing[camera_id]
        if camera is None or subentry is None or not missing:
            return
        new = [kind for kind in missing if kind.exists(camera)]
        if new:
            self._missing[camera_id] = [kind for kind in missing if kind not in new]
            self._async_add_entities(
                [
                    kind.entity(self._coordinator, camera, kind.description)
                    for kind in new
                ],
                config_subentry_id=subentry.subentry_id,
            )

    @callback
    def stop(self) -> None:
        """Watch no longer."""
        while self._listening:
            self._listening.popitem()[1]()
