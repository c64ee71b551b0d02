"""Actions: cameras are added and removed, moved, heard and kept in files."""

import asyncio
from collections.abc import Callable
import os
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientTimeout
from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_ENTITY_ID, CONF_FILENAME
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    TemplateError,
)
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.service import (
    async_register_admin_service,
    async_register_platform_entity_service,
)
from homeassistant.helpers.template import Template
from homeassistant.helpers.typing import VolDictType
import probatio

from .access import camera_unique_id, loaded_entry
from .const import DOMAIN, TIER_MAIN, TIER_SUB, TYPE_MOTION, TYPE_RING
from .coordinator import PortholeConfigEntry
from .entity import PortholeEntity, ask
from .errors import PortholeError
from .models import CameraState
from .sound import async_play_media, async_stop
from .subentries import free_camera_id

SERVICE_ADD_CAMERA: Final = "add_camera"
SERVICE_REMOVE_CAMERA: Final = "remove_camera"
SERVICE_PLAY_AUDIO: Final = "play_audio"
SERVICE_STOP_AUDIO: Final = "stop_audio"
SERVICE_SAVE_CLIP: Final = "save_clip"
SERVICE_SNAPSHOT: Final = "snapshot"
SERVICE_PTZ: Final = "ptz"
SERVICE_SEND_EVENT: Final = "send_event"

MAX_CLIP_S: Final = 3600
#: After its time a clip may still be a moment on its way.
_CLIP_GRACE_S = 30
_SPEED = probatio.All(probatio.Coerce(float), probatio.Range(min=-1, max=1))
_PIXELS = probatio.All(probatio.Coerce(int), probatio.Range(min=16, max=8192))

ADD_CAMERA_SCHEMA = probatio.Schema(
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
REMOVE_CAMERA_SCHEMA = probatio.Schema(
    {probatio.Required(ATTR_ENTITY_ID): cv.entity_id}
)


type _Action = tuple[
    str, VolDictType, Callable[[Entity, ServiceCall], Any], SupportsResponse
]


@callback
def async_register_services(hass: HomeAssistant) -> None:
    """Register all actions."""
    async_register_admin_service(
        hass,
        DOMAIN,
        SERVICE_ADD_CAMERA,
        _add_camera,
        ADD_CAMERA_SCHEMA,
        supports_response=SupportsResponse.OPTIONAL,
    )
    async_register_admin_service(
        hass,
        DOMAIN,
        SERVICE_REMOVE_CAMERA,
        _remove_camera,
        REMOVE_CAMERA_SCHEMA,
        supports_response=SupportsResponse.OPTIONAL,
    )
    actions: tuple[_Action, ...] = (
        (
            SERVICE_PLAY_AUDIO,
            {probatio.Required("media_content_id"): _media_id},
            _play_audio,
            SupportsResponse.OPTIONAL,
        ),
        (SERVICE_STOP_AUDIO, {}, _stop_audio, SupportsResponse.NONE),
        (
            SERVICE_SAVE_CLIP,
            {
                probatio.Required(CONF_FILENAME): cv.template,
                probatio.Optional("duration", default=10): probatio.All(
                    probatio.Coerce(float), probatio.Range(min=1, max=MAX_CLIP_S)
                ),
                probatio.Optional("stream", default=TIER_MAIN): probatio.In(
                    [TIER_MAIN, TIER_SUB]
                ),
            },
            _save_clip,
            SupportsResponse.OPTIONAL,
        ),
        (
            SERVICE_SNAPSHOT,
            {
                probatio.Required(CONF_FILENAME): cv.template,
                probatio.Optional("width"): _PIXELS,
                probatio.Optional("height"): _PIXELS,
            },
            _snapshot,
            SupportsResponse.OPTIONAL,
        ),
        (
            SERVICE_PTZ,
            {
                probatio.Optional("pan", default=0): _SPEED,
                probatio.Optional("tilt", default=0): _SPEED,
                probatio.Optional("zoom", default=0): _SPEED,
                probatio.Optional("preset"): cv.string,
                probatio.Optional("duration"): probatio.All(
                    probatio.Coerce(float), probatio.Range(min=0.1, max=5)
                ),
            },
            _ptz,
            SupportsResponse.NONE,
        ),
        (
            SERVICE_SEND_EVENT,
            {
                probatio.Required("type"): probatio.In([TYPE_MOTION, TYPE_RING]),
                probatio.Optional("active", default=True): cv.boolean,
            },
            _send_event,
            SupportsResponse.NONE,
        ),
    )
    for name, schema, action, response in actions:
        async_register_platform_entity_service(
            hass,
            DOMAIN,
            name,
            entity_domain=CAMERA_DOMAIN,
            schema=schema,
            func=action,
            supports_response=response,
        )


async def _add_camera(call: ServiceCall) -> ServiceResponse:
    data = call.data
    entry = loaded_entry(call.hass, data[ATTR_CONFIG_ENTRY_ID])
    if entry is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="entry_not_loaded"
        )
    coordinator = entry.runtime_data.coordinator
    camera_id = data.get("camera_id") or free_camera_id(coordinator, data["name"])
    if camera_id in coordinator.state.cameras:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="camera_exists",
            translation_placeholders={"camera": camera_id},
        )
    members = ("name", "sources", "sub_sources", "area", "doorbell")
    changes = {name: data[name] for name in members if name in data}
    camera = await ask(coordinator, coordinator.client.put_camera(camera_id, changes))
    coordinator.receive_camera(camera)
    await call.hass.async_block_till_done()
    return {
        "camera_id": camera.id,
        "status": camera.status.value,
        "entity_id": entity_id_of(call.hass, entry, camera),
    }


async def _remove_camera(call: ServiceCall) -> ServiceResponse:
    entity_id: str = call.data[ATTR_ENTITY_ID]
    registered = er.async_get(call.hass).async_get(entity_id)
    entry = (
        loaded_entry(call.hass, registered.config_entry_id)
        if registered and registered.config_entry_id
        else None
    )
    if registered is None or entry is None:
        raise _no_camera(entity_id)
    coordinator = entry.runtime_data.coordinator
    for camera_id in coordinator.cameras:
        if registered.unique_id == camera_unique_id(entry, camera_id):
            await ask(coordinator, coordinator.client.delete_camera(camera_id))
            coordinator.receive(camera_id)
            return {"camera_id": camera_id}
    raise _no_camera(entity_id)


def entity_id_of(
    hass: HomeAssistant, entry: PortholeConfigEntry, camera: CameraState
) -> str | None:
    """Find the camera entity of a camera."""
    return er.async_get(hass).async_get_entity_id(
        CAMERA_DOMAIN, DOMAIN, camera_unique_id(entry, camera.id)
    )


def _no_camera(entity_id: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="no_camera",
        translation_placeholders={"entity_id": entity_id},
    )


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
    path = _path_of(call, camera)
    duration_s: float = call.data["duration"]
    size = await camera.ask(
        _download(
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
    path = _path_of(call, camera)
    query = {"src": camera.camera_id}
    for side in ("width", "height"):
        if side in call.data:
            query[side] = str(call.data[side])
    size = await camera.ask(
        _download(call.hass, camera, path, "frame.jpeg", query, _CLIP_GRACE_S)
    )
    return {"filename": str(path), "size": size}


async def _ptz(entity: Entity, call: ServiceCall) -> None:
    camera = _porthole(entity)
    client = camera.coordinator.client
    if preset := call.data.get("preset"):
        await camera.ask(client.ptz(camera.camera_id, {"preset": preset}))
        return
    movement = {name: call.data[name] for name in ("pan", "tilt", "zoom")}
    await camera.ask(client.ptz(camera.camera_id, movement))
    if (duration_s := call.data.get("duration")) is not None:
        await asyncio.sleep(duration_s)
        still = dict.fromkeys(movement, 0)
        await camera.ask(client.ptz(camera.camera_id, still))


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


def _path_of(call: ServiceCall, camera: PortholeEntity) -> Path:
    """Fill in the file name. Raises ServiceValidationError when it may not be written there."""
    template: Template = call.data[CONF_FILENAME]
    try:
        name = template.async_render(
            {
                "entity_id": camera,
                "camera": camera.camera_id,
                "name": camera.state_of_camera.name,
            },
            parse_result=False,
        )
    except TemplateError as error:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="bad_template",
            translation_placeholders={"error": str(error)},
        ) from error
    if not call.hass.config.is_allowed_path(name):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="path_not_allowed",
            translation_placeholders={"path": name},
        )
    return Path(name)


async def _download(
    hass: HomeAssistant,
    camera: PortholeEntity,
    path: Path,
    route: str,
    query: dict[str, str],
    timeout_s: float,
) -> int:
    """Write an answer of the server into a file that is there when it is complete. Returns its size."""
    coordinator = camera.coordinator
    part = path.with_name(f".{path.name}.part")
    run: Callable[..., Any] = hass.async_add_executor_job
    limit = ClientTimeout(total=timeout_s, sock_connect=10)
    size = 0
    try:
        await run(lambda: path.parent.mkdir(parents=True, exist_ok=True))
        file = await run(part.open, "wb")
        try:
            async with coordinator.client.request(
                "GET", route, query, limit=limit
            ) as response:
                async for chunk in response.content.iter_chunked(1 << 18):
                    await run(file.write, chunk)
                    size += len(chunk)
        finally:
            await run(file.close)
        if size == 0:
            raise PortholeError("the camera sent nothing")
        await run(os.replace, part, path)
    except OSError as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="not_written",
            translation_placeholders={"path": str(path), "error": str(error)},
        ) from error
    finally:
        await run(lambda: part.unlink(missing_ok=True))
    return size
