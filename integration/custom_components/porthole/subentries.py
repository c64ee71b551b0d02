"""Keeps the subentries of an entry in step with the cameras of its server.

A camera that appears on the server gets a subentry, unless the user deselected it (option `ignored`) or wants none by itself (option
`add_new`). One that is gone from the server loses it, and with it its device. A subentry that the user removes is a camera that the
user does not want: it stays on the server, and is not added again.
"""

from types import MappingProxyType

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigSubentry,
    ConfigSubentryData,
)
from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import slugify

from .const import CONF_ADD_NEW, CONF_CAMERA, CONF_IGNORED, SUBENTRY_CAMERA
from .coordinator import PortholeCoordinator
from .models import CameraState

#: Home Assistant's own go2rtc client names the streams that it makes after its entities: they are here already.
_OWN_STREAMS = "camera."


def subentry_of(entry: ConfigEntry, camera_id: str) -> ConfigSubentry | None:
    """Find the subentry of a camera."""
    return next(
        (
            subentry
            for subentry in entry.get_subentries_of_type(SUBENTRY_CAMERA)
            if subentry.unique_id == camera_id
        ),
        None,
    )


def subentry_data(camera: CameraState) -> ConfigSubentryData:
    """Describe the subentry of a camera."""
    return ConfigSubentryData(
        data={CONF_CAMERA: camera.id},
        subentry_type=SUBENTRY_CAMERA,
        title=camera.name,
        unique_id=camera.id,
    )


def can_be_added(camera_id: str) -> bool:
    """Whether it is a camera that is not one of Home Assistant already."""
    return not camera_id.startswith(_OWN_STREAMS)


def free_camera_id(coordinator: PortholeCoordinator, name: str) -> str:
    """Make an id of a name that no stream of the server has."""
    base = slugify(name) or "camera"
    cameras = coordinator.state.cameras.values()
    taken = {name for camera in cameras for name in (camera.id, camera.sub)}
    taken |= coordinator.reserved
    number, camera_id = 1, base
    while camera_id in taken or f"{camera_id}_sub" in taken:
        number += 1
        camera_id = f"{base}_{number}"
    return camera_id


@callback
def async_keep_subentries(coordinator: PortholeCoordinator) -> None:
    """Keep them in step until the entry is unloaded."""
    keeper = _SubentryKeeper(coordinator)
    keeper.follow_server()
    entry = coordinator.entry
    entry.async_on_unload(coordinator.listen(None, keeper.follow_server))
    entry.async_on_unload(
        async_dispatcher_connect(
            coordinator.hass, SIGNAL_CONFIG_ENTRY_CHANGED, keeper.entry_changed
        )
    )


class _SubentryKeeper:
    """Knows which subentries there were, to tell what the user did from what the server did."""

    def __init__(self, coordinator: PortholeCoordinator) -> None:
        self._hass = coordinator.hass
        self._entry = coordinator.entry
        self._coordinator = coordinator
        self._known = self._present()

    def _present(self) -> set[str]:
        return {
            subentry.unique_id
            for subentry in self._entry.get_subentries_of_type(SUBENTRY_CAMERA)
            if subentry.unique_id
        }

    @callback
    def follow_server(self) -> None:
        """Add, rename and remove subentries as the server has cameras."""
        if not self._coordinator.available:
            return
        entries = self._hass.config_entries
        cameras = self._coordinator.state.cameras
        for subentry in self._entry.get_subentries_of_type(SUBENTRY_CAMERA):
            camera = cameras.get(subentry.unique_id or "")
            if camera is None:
                self._known.discard(subentry.unique_id or "")
                entries.async_remove_subentry(self._entry, subentry.subentry_id)
            elif subentry.title != camera.name:
                entries.async_update_subentry(self._entry, subentry, title=camera.name)
                self._rename_device(camera)
        if not self._entry.options.get(CONF_ADD_NEW, True):
            return
        unwanted = self._present() | self._coordinator.reserved
        unwanted.update(self._entry.options.get(CONF_IGNORED, ()))
        for camera in cameras.values():
            if camera.id in unwanted or not can_be_added(camera.id):
                continue
            self._known.add(camera.id)
            entries.async_add_subentry(
                self._entry,
                ConfigSubentry(
                    data=MappingProxyType({CONF_CAMERA: camera.id}),
                    subentry_type=SUBENTRY_CAMERA,
                    title=camera.name,
                    unique_id=camera.id,
                ),
            )

    def _rename_device(self, camera: CameraState) -> None:
        devices = dr.async_get(self._hass)
        device = devices.async_get_device_by_identifier(
            self._coordinator.device_identifier(camera.id), self._entry.entry_id
        )
        if device is not None:
            devices.async_update_device(device.id, name=camera.name)

    @callback
    def entry_changed(self, change: ConfigEntryChange, entry: ConfigEntry) -> None:
        """Remember what the user removed or added."""
        if entry is not self._entry or change is not ConfigEntryChange.UPDATED:
            return
        present = self._present()
        removed, added = self._known - present, present - self._known
        if not removed and not added:
            return
        self._known = present
        self._coordinator.reserved -= present
        ignored = set(entry.options.get(CONF_IGNORED, ())) - added
        ignored |= removed & self._coordinator.state.cameras.keys()
        self._hass.config_entries.async_update_entry(
            entry, options={**entry.options, CONF_IGNORED: sorted(ignored)}
        )
        self._coordinator.announce()
