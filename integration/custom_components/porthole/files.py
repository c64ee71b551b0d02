"""Files that actions write: where they may be, and how they come to be."""

from collections.abc import Callable
import os
from pathlib import Path
from typing import Any

from aiohttp import ClientTimeout
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    TemplateError,
)
from homeassistant.helpers.template import Template

from .const import DOMAIN
from .entity import PortholeEntity
from .errors import PortholeError

_CHUNK_BYTES = 1 << 18


def path_of(hass: HomeAssistant, template: Template, camera: PortholeEntity) -> Path:
    """Fill in the file name. Raises ServiceValidationError when it may not be written there."""
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
    if not hass.config.is_allowed_path(name):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="path_not_allowed",
            translation_placeholders={"path": name},
        )
    return Path(name)


async def async_download(
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
                async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
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
