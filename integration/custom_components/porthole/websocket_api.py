"""Commands of the card on Home Assistant's WebSocket; docs/card-api.md describes each."""

from datetime import timedelta
from time import time
from typing import Any, Final

from homeassistant.components import websocket_api
from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.components.event import DOMAIN as EVENT_DOMAIN
from homeassistant.components.http.auth import async_sign_path
from homeassistant.components.media_player import DOMAIN as MEDIA_PLAYER_DOMAIN
from homeassistant.components.select import DOMAIN as SELECT_DOMAIN
from homeassistant.components.switch import DOMAIN as SWITCH_DOMAIN
from homeassistant.components.web_rtc import async_get_ice_servers
from homeassistant.components.websocket_api import (
    ERR_NOT_FOUND,
    ERR_UNAUTHORIZED,
    ActiveConnection,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.helpers.dispatcher import async_dispatcher_connect
import probatio
from yarl import URL

from .access import CameraAccess, access_by_entity
from .const import DOMAIN, SIGNAL_LOADED, TIER_AUTO
from .coordinator import PortholeConfigEntry
from .errors import PortholeError
from .models import CameraEvent
from .ptz import PTZ_FIELDS, movement_of

PATHS_LAST: Final = timedelta(minutes=10)
ERR_NOT_READY: Final = "not_ready"
ERR_FAILED: Final = "failed"

#: What the card calls the other entities of a camera: domain and end of the unique id.
_ENTITIES: Final = {
    "connectivity": (BINARY_SENSOR_DOMAIN, "connectivity"),
    "motion": (BINARY_SENSOR_DOMAIN, "motion"),
    "ring": (EVENT_DOMAIN, "ring"),
    "enabled": (SWITCH_DOMAIN, "enabled"),
    "speaker": (MEDIA_PLAYER_DOMAIN, "loudspeaker"),
    "tier": (SELECT_DOMAIN, "stream"),
}


@callback
def async_register_commands(hass: HomeAssistant) -> None:
    """Register all commands."""
    for command in (ws_camera, ws_cameras, ws_subscribe, ws_ptz):
        websocket_api.async_register_command(hass, command)


@callback
def _find(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> CameraAccess | None:
    """Find the camera of a command, or answer that there is none."""
    access = access_by_entity(hass, connection.user, msg["entity_id"])
    if access is None:
        connection.send_error(
            msg["id"], ERR_NOT_FOUND, "There is no such camera of Porthole"
        )
    return access


@websocket_api.websocket_command(
    {
        probatio.Required("type"): "porthole/camera",
        probatio.Required("entity_id"): cv.entity_id,
    }
)
@callback
def ws_camera(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Tell all that is needed to show a camera."""
    if (access := _find(hass, connection, msg)) is None:
        return
    camera, coordinator = access.camera, access.coordinator
    base = f"/api/{DOMAIN}/{access.entry.entry_id}/"
    paths: dict[str, Any] = {"base": base, "main": _paths(hass, base, camera.id)}
    if camera.sub:
        paths["sub"] = _paths(hass, base, camera.sub)
    connection.send_result(
        msg["id"],
        {
            "entity_id": access.entity_id,
            "entry_id": access.entry.entry_id,
            "available": coordinator.available,
            "tier": coordinator.tiers.get(camera.id, TIER_AUTO),
            "camera": camera.raw,
            "control": access.control,
            "paths": paths,
            "ice_servers": [server.to_dict() for server in async_get_ice_servers(hass)],
            "entities": _entities(hass, access),
            "expires": int((time() + PATHS_LAST.total_seconds()) * 1000),
        },
    )


def _paths(hass: HomeAssistant, base: str, stream: str) -> dict[str, str]:
    return {
        kind: async_sign_path(
            hass, str(URL(f"{base}{path}").with_query(src=stream)), PATHS_LAST
        )
        for kind, path in (
            ("ws", "ws"),
            ("frame", "frame.jpeg"),
            ("mjpeg", "stream.mjpeg"),
            ("hls", "stream.m3u8"),
        )
    }


def _entities(hass: HomeAssistant, access: CameraAccess) -> dict[str, str]:
    registry = er.async_get(hass)
    found = {}
    for name, (domain, key) in _ENTITIES.items():
        unique_id = access.coordinator.unique_id(access.camera.id, key)
        entity_id = registry.async_get_entity_id(domain, DOMAIN, unique_id)
        entity = registry.async_get(entity_id) if entity_id else None
        if entity is not None and not entity.disabled:
            found[name] = entity.entity_id
    return found


@websocket_api.websocket_command({probatio.Required("type"): "porthole/cameras"})
@callback
def ws_cameras(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """List the cameras that this user may see."""
    registry = er.async_get(hass)
    cameras = []
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        for registered in er.async_entries_for_config_entry(registry, entry.entry_id):
            if registered.domain != CAMERA_DOMAIN or registered.disabled:
                continue
            access = access_by_entity(hass, connection.user, registered.entity_id)
            if access is not None:
                cameras.append(_summary(hass, access))
    connection.send_result(msg["id"], cameras)


def _summary(hass: HomeAssistant, access: CameraAccess) -> dict[str, Any]:
    camera = access.camera
    state = hass.states.get(access.entity_id)
    summary: dict[str, Any] = {
        "entity_id": access.entity_id,
        "entry_id": access.entry.entry_id,
        "name": state.name if state else camera.name,
        "doorbell": camera.rings,
        "sub": camera.sub is not None,
    }
    if camera.talk is not None:
        summary["talk"] = camera.talk
    if area_id := _area_id(hass, access):
        summary["area_id"] = area_id
    return summary


def _area_id(hass: HomeAssistant, access: CameraAccess) -> str | None:
    registered = er.async_get(hass).async_get(access.entity_id)
    if registered is None or registered.area_id or not registered.device_id:
        return registered.area_id if registered else None
    device = dr.async_get(hass).async_get(registered.device_id)
    return device.area_id if device else None


@websocket_api.websocket_command(
    {
        probatio.Required("type"): "porthole/subscribe",
        probatio.Required("entity_id"): cv.entity_id,
    }
)
@callback
def ws_subscribe(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Tell what happens to a camera."""
    if (access := _find(hass, connection, msg)) is None:
        return
    subscription = _Subscription(hass, connection, msg["id"], access)
    connection.subscriptions[msg["id"]] = subscription.stop
    connection.send_result(msg["id"])
    subscription.start()


class _Subscription:
    """What a card is told of a camera, also when the entry is loaded anew meanwhile."""

    def __init__(
        self,
        hass: HomeAssistant,
        connection: ActiveConnection,
        subscription_id: int,
        access: CameraAccess,
    ) -> None:
        self._hass = hass
        self._connection = connection
        self._id = subscription_id
        self._entry_id = access.entry.entry_id
        self._camera_id = access.camera.id
        self._coordinator = access.coordinator
        self._ends: list[CALLBACK_TYPE] = []

    @callback
    def start(self) -> None:
        """Listen, and tell the state."""
        self._ends = [
            self._coordinator.listen(self._camera_id, self._changed),
            self._coordinator.listen_events(self._camera_id, self._happened),
            async_dispatcher_connect(self._hass, SIGNAL_LOADED, self._loaded),
        ]
        self._changed()

    @callback
    def stop(self) -> None:
        """Listen no longer."""
        while self._ends:
            self._ends.pop()()

    @callback
    def _loaded(self, entry: PortholeConfigEntry) -> None:
        if entry.entry_id == self._entry_id:
            self.stop()
            self._coordinator = entry.runtime_data
            self.start()

    @callback
    def _changed(self) -> None:
        camera = self._coordinator.state.cameras.get(self._camera_id)
        if camera is None:
            self.stop()
            self._connection.subscriptions.pop(self._id, None)
            self._send({"type": "removed"})
            return
        self._send(
            {
                "type": "state",
                "available": self._coordinator.available,
                "tier": self._coordinator.tiers.get(self._camera_id, TIER_AUTO),
                "camera": camera.raw,
            }
        )

    @callback
    def _happened(self, event: CameraEvent) -> None:
        self._send(
            {
                "type": "event",
                "event": event.event,
                "active": event.active,
                "time": event.time,
            }
        )

    def _send(self, event: dict[str, Any]) -> None:
        self._connection.send_message(websocket_api.event_message(self._id, event))


@websocket_api.websocket_command(
    {
        probatio.Required("type"): "porthole/ptz",
        probatio.Required("entity_id"): cv.entity_id,
        **PTZ_FIELDS,
    }
)
@websocket_api.async_response
async def ws_ptz(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Move a camera."""
    if (access := _find(hass, connection, msg)) is None:
        return
    if not access.control:
        connection.send_error(
            msg["id"], ERR_UNAUTHORIZED, "This user may not control the camera"
        )
        return
    if not access.coordinator.available:
        connection.send_error(msg["id"], ERR_NOT_READY, "The server is not connected")
        return
    try:
        await access.coordinator.client.ptz(access.camera.id, movement_of(msg))
    except PortholeError as error:
        connection.send_error(msg["id"], ERR_FAILED, str(error))
        return
    connection.send_result(msg["id"], {})
