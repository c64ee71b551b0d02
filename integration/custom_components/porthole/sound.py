"""Plays media of Home Assistant on the loudspeaker of a camera."""

from homeassistant.components import media_source
from homeassistant.components.media_player import async_process_play_media_url
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from yarl import URL

from .const import DOMAIN
from .coordinator import PortholeCoordinator
from .entity import ask

#: What the server's FFmpeg may open; files of its own disk are not for Home Assistant to name.
_SCHEMES = frozenset({"http", "https", "rtsp", "rtsps"})


async def async_play_media(
    hass: HomeAssistant,
    coordinator: PortholeCoordinator,
    camera_id: str,
    media_id: str,
    entity_id: str | None = None,
) -> str:
    """Play it in place of what plays; returns its address when it is heard. Raises HomeAssistantError."""
    if media_source.is_media_source_id(media_id):
        media = await media_source.async_resolve_media(hass, media_id, entity_id)
        media_id = media.url
    address = async_process_play_media_url(hass, media_id)
    url = URL(address)
    if url.scheme not in _SCHEMES or not url.host:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="unsupported_media",
            translation_placeholders={"media": media_id},
        )
    # What follows a # would be options of the source.
    source = f"ffmpeg:{url.with_fragment(None)}#audio=auto#input=file"
    await ask(coordinator, coordinator.client.play(camera_id, source))
    return address


async def async_stop(coordinator: PortholeCoordinator, camera_id: str) -> None:
    """Be silent. Raises HomeAssistantError."""
    await ask(coordinator, coordinator.client.play(camera_id, ""))
