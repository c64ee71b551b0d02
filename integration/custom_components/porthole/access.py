"""Which camera is meant, and whether a user may see or control it."""

from dataclasses import dataclass

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN, KEY_CAMERA
from .coordinator import PortholeConfigEntry, PortholeCoordinator
from .models import CameraState
from .subentries import subentry_of


@dataclass(frozen=True, slots=True)
class CameraAccess:
    """A camera of a loaded entry, found for a user who may see it."""

    entry: PortholeConfigEntry
    camera: CameraState
    entity_id: str
    #: May talk to it and move it.
    control: bool

    @property
    def coordinator(self) -> PortholeCoordinator:
        """The coordinator of its server."""
        return self.entry.runtime_data


@callback
def loaded_entry(hass: HomeAssistant, entry_id: str) -> PortholeConfigEntry | None:
    """Find an entry of ours that is loaded."""
    entry = hass.config_entries.async_get_entry(entry_id)
    if entry and entry.domain == DOMAIN and entry.state is ConfigEntryState.LOADED:
        return entry
    return None


@callback
def access_by_stream(
    hass: HomeAssistant, user: User, entry_id: str, stream: str
) -> CameraAccess | None:
    """Find a camera by the name of its main or sub stream; None also when the user may not see it."""
    if (entry := loaded_entry(hass, entry_id)) is None:
        return None
    coordinator = entry.runtime_data
    for camera in coordinator.state.cameras.values():
        if stream in (camera.id, camera.sub) and subentry_of(entry, camera.id):
            return _access(hass, user, entry, camera)
    return None


@callback
def access_by_entity(
    hass: HomeAssistant, user: User, entity_id: str
) -> CameraAccess | None:
    """Find a camera by its entity; None also when the user may not see it."""
    if (found := camera_by_entity(hass, entity_id)) is None:
        return None
    return _access(hass, user, *found)


@callback
def camera_by_entity(
    hass: HomeAssistant, entity_id: str
) -> tuple[PortholeConfigEntry, CameraState] | None:
    """Find a camera of a loaded entry by its entity, whoever asks."""
    registered = er.async_get(hass).async_get(entity_id)
    if (
        registered is None
        or registered.platform != DOMAIN
        or registered.domain != CAMERA_DOMAIN
        or registered.config_entry_id is None
        or (entry := loaded_entry(hass, registered.config_entry_id)) is None
    ):
        return None
    for camera in entry.runtime_data.state.cameras.values():
        if registered.unique_id == _unique_id(entry, camera.id):
            return entry, camera
    return None


@callback
def entity_of(
    hass: HomeAssistant, entry: PortholeConfigEntry, camera_id: str
) -> str | None:
    """Find the camera entity of a camera."""
    return er.async_get(hass).async_get_entity_id(
        CAMERA_DOMAIN, DOMAIN, _unique_id(entry, camera_id)
    )


def _unique_id(entry: PortholeConfigEntry, camera_id: str) -> str:
    return entry.runtime_data.unique_id(camera_id, KEY_CAMERA)


def _access(
    hass: HomeAssistant, user: User, entry: PortholeConfigEntry, camera: CameraState
) -> CameraAccess | None:
    entity_id = entity_of(hass, entry, camera.id)
    if entity_id is None or not user.permissions.check_entity(entity_id, POLICY_READ):
        return None
    control = user.permissions.check_entity(entity_id, POLICY_CONTROL)
    return CameraAccess(entry, camera, entity_id, control)
