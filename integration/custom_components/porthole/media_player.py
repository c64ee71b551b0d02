"""The loudspeaker of a camera: speech and media of Home Assistant."""

import logging
from typing import Any, override

from homeassistant.components import media_source
from homeassistant.components.media_player import (
    BrowseMedia,
    MediaPlayerDeviceClass,
    MediaPlayerEntity,
    MediaPlayerEntityDescription,
    MediaPlayerEntityFeature,
    MediaPlayerState,
    MediaType,
)
from homeassistant.exceptions import HomeAssistantError

from .entity import PortholeEntity
from .entity_kinds import EntityKind, setup_platform
from .sound import async_play_media, async_stop

_LOGGER = logging.getLogger(__name__)

PARALLEL_UPDATES = 0


class PortholeLoudspeaker(PortholeEntity, MediaPlayerEntity):
    """Plays one sound at a time; an announcement takes the place of what plays, which begins anew after it."""

    _attr_media_content_type = MediaType.MUSIC
    _attr_supported_features = (
        MediaPlayerEntityFeature.PLAY_MEDIA
        | MediaPlayerEntityFeature.BROWSE_MEDIA
        | MediaPlayerEntityFeature.MEDIA_ANNOUNCE
        | MediaPlayerEntityFeature.STOP
    )

    #: What an announcement took the place of.
    _interrupted: str | None = None

    @property
    @override
    def state(self) -> MediaPlayerState:
        return (
            MediaPlayerState.PLAYING
            if self.state_of_camera.playing
            else MediaPlayerState.IDLE
        )

    @override
    def _changed(self) -> None:
        if not self.state_of_camera.playing:
            self._attr_media_content_id = None
            if interrupted := self._interrupted:
                self._interrupted = None
                self.coordinator.entry.async_create_task(
                    self.hass, self._resume(interrupted)
                )
        super()._changed()

    @override
    async def async_play_media(
        self,
        media_type: MediaType | str,
        media_id: str,
        announce: bool | None = None,
        **kwargs: Any,
    ) -> None:
        before = self._attr_media_content_id if self.state_of_camera.playing else None
        self._interrupted = None
        await self._play(media_id)
        self._interrupted = before if announce else None

    async def _resume(self, media_id: str) -> None:
        """Begin anew what was interrupted; nobody waits for it, so an error is only told in the log."""
        try:
            await self._play(media_id)
        except HomeAssistantError as error:
            _LOGGER.warning("%s does not go on: %s", self.entity_id, error)

    async def _play(self, media_id: str) -> None:
        await async_play_media(
            self.hass, self.coordinator, self.camera_id, media_id, self.entity_id
        )
        self._attr_media_content_id = media_id
        self.async_write_ha_state()

    @override
    async def async_media_stop(self) -> None:
        self._interrupted = None
        await async_stop(self.coordinator, self.camera_id)

    @override
    async def async_browse_media(
        self,
        media_content_type: MediaType | str | None = None,
        media_content_id: str | None = None,
    ) -> BrowseMedia:
        return await media_source.async_browse_media(
            self.hass,
            media_content_id,
            content_filter=lambda item: item.media_content_type.startswith("audio/"),
        )


async_setup_entry = setup_platform(
    EntityKind(
        PortholeLoudspeaker,
        MediaPlayerEntityDescription(
            key="loudspeaker",
            translation_key="loudspeaker",
            device_class=MediaPlayerDeviceClass.SPEAKER,
        ),
        lambda camera: camera.talk is True,
    )
)
