"""Actions: cameras are added and removed, moved, heard and kept in files."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_ENTITY_ID, CONF_FILENAME
from homeassistant.core import (
    Event,
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.service import (
    async_register_admin_service,
    async_register_platform_entity_service,
)
from homeassistant.helpers.typing import VolDictType
import probatio

from .access import camera_by_entity, entity_of, loaded_entry
from .const import DOMAIN, TIER_MAIN, TIER_SUB, TYPE_MOTION, TYPE_RING
from .coordinator import PortholeConfigEntry
from .entity import PortholeEntity, ask
from .files import async_download, path_of
from .ptz import PTZ_FIELDS, STILL, movement_of
from .sound import async_play_media, async_stop
from .subentries import free_camera_id, subentry_of

_MAX_CLIP_S: Final = 3600
#: After its time a clip may still be a moment on its way.
_CLIP_GRACE_S = 30
_ENTITY_COMES_S = 5
_PIXELS = probatio.All(probatio.Coerce(int), probatio.Range(min=16, max=8192))

_ADD_CAMERA_SCHEMA = probatio.Schema(
    {
        probatio.Required(ATTR_CONFIG_ENTRY_ID): cv.string,
        probatio.Required("name"): cv.string,
        probatio.Optional("camera_id"): cv.string,
        probatio.Required("sources"): probatio.All(cv.ensure_list, [cv.string]),
        probatio.Optional("sub_sources"): probatio.All(cv.ensure_list, [cv.string]),
        probatio.Optional("area"): cv.string,
        probatio.Optional("doorbell"): cv.boolean,
    }
)
_REMOVE_CAMERA_SCHEMA = probatio.Schema(
    {probatio.Required(ATTR_ENTITY_ID): cv.entity_id}
)


async def _add_camera(call: ServiceCall) -> ServiceResponse:
    data = call.data
    entry = loaded_entry(call.hass, data[ATTR_CONFIG_ENTRY_ID])
    if entry is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="entry_not_loaded"
        )
    coordinator = entry.runtime_data
    camera_id = data.get("camera_id") or free_camera_id(coordinator, data["name"])
    if camera_id in coordinator.state.cameras:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="camera_exists",
            translation_placeholders={"camera": camera_id},
        )
    members = ("name", "sources", "sub_sources", "area", "doorbell")
    changes = {name: data[name] for name in members if name in data}
    camera = await ask(coordinator, coordinator.change_camera(camera_id, changes))
    return {
        "camera_id": camera.id,
        "status": camera.status.value,
        "entity_id": await _entity_that_comes(call.hass, entry, camera.id),
    }


async def _entity_that_comes(
    hass: HomeAssistant, entry: PortholeConfigEntry, camera_id: str
) -> str | None:
    """Wait for the entity of a new camera, where there will be one: platforms add entities in tasks of their own."""
    registered = asyncio.Event()

    @callback
    def look(_: Event[Any]) -> None:
        if entity_of(hass, entry, camera_id):
            registered.set()

    if subentry_of(entry, camera_id) and not entity_of(hass, entry, camera_id):
        stop = hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, look)
        try:
            async with asyncio.timeout(_ENTITY_COMES_S):
                await registered.wait()
        except TimeoutError:
            pass
        finally:
            stop()
    return entity_of(hass, entry, camera_id)


async def _remove_camera(call: ServiceCall) -> ServiceResponse:
    entity_id: str = call.data[ATTR_ENTITY_ID]
    if (found := camera_by_entity(call.hass, entity_id)) is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="no_camera",
            translation_placeholders={"entity_id": entity_id},
        )
    entry, camera = found
    coordinator = entry.runtime_data
    await ask(coordinator, coordinator.client.delete_camera(camera.id))
    coordinator.receive(camera.id)
    return {"camera_id": camera.id}


async def _play_audio(entity: Entity, call: ServiceCall) -> ServiceResponse:
    camera = _porthole(entity)
    address = await async_play_media(
        call.hass,
        camera.coordinator,
        camera.camera_id,
        call.data["media_content_id"],
        camera.entity_id,
    )
    return {"url": address.partition("?")[0]}


async def _stop_audio(entity: Entity, call: ServiceCall) -> None:
    camera = _porthole(entity)
    await async_stop(camera.coordinator, camera.camera_id)


async def _save_clip(entity: Entity, call: ServiceCall) -> ServiceResponse:
    """Record from the last key frame on, which is up to a group of pictures before now."""
    camera = _porthole(entity)
    state = camera.state_of_camera
    stream = state.sub if call.data["stream"] == TIER_SUB and state.sub else state.id
    path = path_of(call.hass, call.data[CONF_FILENAME], camera)
    duration_s: float = call.data["duration"]
    size = await camera.ask(
        async_download(
            call.hass,
            camera,
            path,
            "stream.mp4",
            {"src": stream, "duration": f"{duration_s:g}"},
            duration_s + _CLIP_GRACE_S,
        )
    )
    return {"filename": str(path), "size": size, "duration": duration_s}


async def _snapshot(entity: Entity, call: ServiceCall) -> ServiceResponse:
    camera = _porthole(entity)
    path = path_of(call.hass, call.data[CONF_FILENAME], camera)
    query = {"src": camera.camera_id}
    for side in ("width", "height"):
        if side in call.data:
            query[side] = str(call.data[side])
    size = await camera.ask(
        async_download(call.hass, camera, path, "frame.jpeg", query, _CLIP_GRACE_S)
    )
    return {"filename": str(path), "size": size}


async def _ptz(entity: Entity, call: ServiceCall) -> None:
    camera = _porthole(entity)
    client = camera.coordinator.client
    movement = movement_of(call.data)
    await camera.ask(client.ptz(camera.camera_id, movement))
    duration_s: float | None = call.data.get("duration")
    if duration_s is not None and "preset" not in movement:
        await asyncio.sleep(duration_s)
        await camera.ask(client.ptz(camera.camera_id, STILL))


async def _send_event(entity: Entity, call: ServiceCall) -> None:
    camera = _porthole(entity)
    await camera.ask(
        camera.coordinator.client.send_event(
            camera.camera_id, call.data["type"], call.data["active"]
        )
    )


def _porthole(entity: Entity) -> PortholeEntity:
    # The platform's own entities are all that the helper finds.
    assert isinstance(entity, PortholeEntity)
    return entity


def _media_id(value: Any) -> str:
    """Take an id or an address, or what the media selector gives."""
    if isinstance(value, dict):
        value = value.get("media_content_id")
    return cv.string(value)


@dataclass(frozen=True, slots=True)
class _CameraAction:
    """An action whose targets are entities of cameras."""

    name: str
    fields: VolDictType
    act: Callable[[Entity, ServiceCall], Awaitable[ServiceResponse]]
    responds: bool = False


_CAMERA_ACTIONS = (
    _CameraAction(
        "play_audio",
        {probatio.Required("media_content_id"): _media_id},
        _play_audio,
        responds=True,
    ),
    _CameraAction("stop_audio", {}, _stop_audio),
    _CameraAction(
        "save_clip",
        {
            probatio.Required(CONF_FILENAME): cv.template,
            probatio.Optional("duration", default=10): probatio.All(
                probatio.Coerce(float), probatio.Range(min=1, max=_MAX_CLIP_S)
            ),
            probatio.Optional("stream", default=TIER_MAIN): probatio.In(
                [TIER_MAIN, TIER_SUB]
            ),
        },
        _save_clip,
        responds=True,
    ),
    _CameraAction(
        "snapshot",
        {
            probatio.Required(CONF_FILENAME): cv.template,
            probatio.Optional("width"): _PIXELS,
            probatio.Optional("height"): _PIXELS,
        },
        _snapshot,
        responds=True,
    ),
    _CameraAction(
        "ptz",
        {
            **PTZ_FIELDS,
            probatio.Optional("duration"): probatio.All(
                probatio.Coerce(float), probatio.Range(min=0.1, max=5)
            ),
        },
        _ptz,
    ),
    _CameraAction(
        "send_event",
        {
            probatio.Required("type"): probatio.In([TYPE_MOTION, TYPE_RING]),
            probatio.Optional("active", default=True): cv.boolean,
        },
        _send_event,
    ),
)


@callback
def async_register_services(hass: HomeAssistant) -> None:
    """Register all actions."""
    for name, action, schema in (
        ("add_camera", _add_camera, _ADD_CAMERA_SCHEMA),
        ("remove_camera", _remove_camera, _REMOVE_CAMERA_SCHEMA),
    ):
        async_register_admin_service(
            hass,
            DOMAIN,
            name,
            action,
            schema,
            supports_response=SupportsResponse.OPTIONAL,
        )
    for each in _CAMERA_ACTIONS:
        async_register_platform_entity_service(
            hass,
            DOMAIN,
            each.name,
            entity_domain=CAMERA_DOMAIN,
            schema=each.fields,
            func=each.act,
            supports_response=SupportsResponse.OPTIONAL
            if each.responds
            else SupportsResponse.NONE,
        )
