"""Holds what one server told, keeps the connection to it, and tells entities what changed.

Nothing is polled: the server pushes (`/api/events`). Entities listen to one camera, so that a change of one costs nothing for the
others, which is why this is not a DataUpdateCoordinator.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
import logging
from random import uniform
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .client import PortholeClient
from .const import (
    DOMAIN,
    EVENT_PORTHOLE,
    TIER_AUTO,
    TIER_SUB,
    TYPE_MOTION,
    TYPE_OFFLINE,
    TYPE_ONLINE,
    TYPE_RING,
)
from .errors import PortholeAuthError, PortholeError
from .messages import Message
from .models import CameraEvent, CameraState, CameraStatus, Json, Server, State
from .tokens import Tokens

_LOGGER = logging.getLogger(__name__)

FIRST_RETRY_S = 1.0
LAST_RETRY_S = 30.0

type PortholeConfigEntry = ConfigEntry[PortholeCoordinator]
type EventListener = Callable[[CameraEvent], None]


def is_online(camera: CameraState) -> bool | None:
    """Whether the camera works as far as is known; None while it is switched off."""
    match camera.status:
        case CameraStatus.DISABLED:
            return None
        case CameraStatus.FAILED:
            return False
        case CameraStatus.LIVE | CameraStatus.ASLEEP:
            return True
    # While it connects anew, the error of the last time stands.
    return camera.error is None


class PortholeCoordinator:
    """The state of one server."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: PortholeConfigEntry,
        client: PortholeClient,
        state: State,
        version: str,
    ) -> None:
        """Begin with a state that was asked for; `start` keeps it up to date."""
        self.hass = hass
        self.entry = entry
        self.client = client
        self.tokens = Tokens(client)
        self.state = state
        #: Why the server is not connected; None while it is.
        self.error: PortholeError | None = None
        #: The device of the server.
        self.device_id: str | None = None
        #: What the user chose to see of each camera.
        self.tiers: dict[str, str] = {}
        #: Cameras that a flow is about to add: nobody else may.
        self.reserved: set[str] = set()
        self.version = version
        self._connection: asyncio.Task[None] | None = None
        self._listeners: defaultdict[str | None, list[CALLBACK_TYPE]] = defaultdict(
            list
        )
        self._camera_listeners: list[Callable[[str], None]] = []
        self._event_listeners: defaultdict[str, list[EventListener]] = defaultdict(list)

    @property
    def available(self) -> bool:
        """Whether the server is connected."""
        return self.error is None

    @property
    def cameras(self) -> dict[str, CameraState]:
        """All cameras of the server, also those that the user does not want here."""
        return dict(self.state.cameras)

    @property
    def server_id(self) -> str:
        """The id of the server, which stays."""
        return self.state.server.id

    def stream_of(self, camera: CameraState, *, small: bool = False) -> str:
        """Name the stream to show, as the user chose; where the choice is ours, the sub stream serves small pictures."""
        tier = self.tiers.get(camera.id, TIER_AUTO)
        if camera.sub and (tier == TIER_SUB or (small and tier == TIER_AUTO)):
            return camera.sub
        return camera.id

    def device_identifier(self, camera_id: str) -> tuple[str, str]:
        """Identify the device of a camera."""
        return (DOMAIN, f"{self.server_id}_{camera_id}")

    def unique_id(self, camera_id: str, key: str) -> str:
        """Name an entity of a camera in the registry."""
        return f"{self.server_id}_{camera_id}_{key}"

    @callback
    def listen(self, camera_id: str | None, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call `listener` when the camera changed, or, with None, when anything but a camera's values did. Returns what ends it."""
        listeners = self._listeners[camera_id]
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    @callback
    def listen_cameras(self, listener: Callable[[str], None]) -> CALLBACK_TYPE:
        """Call `listener` with the id of each camera that changed. Returns what ends it."""
        self._camera_listeners.append(listener)
        return lambda: self._camera_listeners.remove(listener)

    @callback
    def listen_events(self, camera_id: str, listener: EventListener) -> CALLBACK_TYPE:
        """Call `listener` with each event of the camera. Returns what ends it."""
        listeners = self._event_listeners[camera_id]
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    @callback
    def start(self) -> None:
        """Connect, and stay connected until the entry is unloaded."""
        self._connection = self.entry.async_create_background_task(
            self.hass, self._run(), f"porthole {self.entry.title}"
        )

    async def stop(self) -> None:
        """Disconnect, and tell everybody that this is over."""
        if self._connection:
            self._connection.cancel()
        was_available = self.available
        self.error = PortholeError("unloaded")
        self._tell(*self.state.cameras)
        # A server that is away is not waited for: its tokens end by themselves.
        if was_available:
            with suppress(PortholeError):
                await self.tokens.revoke()

    async def _run(self) -> None:
        retry_s = FIRST_RETRY_S
        while True:
            try:
                async with self.client.events(self.version) as messages:
                    async for message in messages:
                        retry_s = FIRST_RETRY_S
                        self.receive(message)
            except PortholeAuthError as error:
                self._lost(error)
                # A new password reloads the entry.
                self.entry.async_start_reauth(self.hass)
                retry_s = LAST_RETRY_S
            except PortholeError as error:
                self._lost(error)
            # Many entries must not come back at the same moment.
            await asyncio.sleep(retry_s * uniform(0.75, 1.0))  # noqa: S311
            retry_s = min(2 * retry_s, LAST_RETRY_S)

    @callback
    def receive(self, message: Message) -> None:
        """Take a message of the server."""
        match message:
            case State():
                self._receive_state(message)
            case CameraState():
                self.receive_camera(message)
            case str():
                cameras = self.cameras
                if cameras.pop(message, None):
                    self.state = replace(self.state, cameras=cameras)
                    self._tell(message, None)
            case Server():
                self.state = replace(self.state, server=message)
                self._tell(None)
            case CameraEvent():
                self._receive_event(message)

    @callback
    def receive_camera(self, camera: CameraState) -> None:
        """Take the state of a camera, pushed or answered."""
        before = self.state.cameras.get(camera.id)
        self.state = replace(self.state, cameras=self.cameras | {camera.id: camera})
        if before is not None:
            self._tell_transition(before, camera)
        self._tell(camera.id)
        if before is None or before.name != camera.name:
            self._tell(None)

    async def change_camera(self, camera_id: str, changes: Json) -> CameraState:
        """Create a camera on the server, or change what is named. Raises PortholeError."""
        camera = await self.client.put_camera(camera_id, changes)
        self.receive_camera(camera)
        return camera

    def _receive_state(self, state: State) -> None:
        before = self.state
        if state.server.id != before.server.id:
            raise PortholeError("another server answers at this address")
        if not self.available:
            _LOGGER.info("%s is connected again", self.entry.title)
            self.tokens.forget()
        self.error = None
        self.state = state
        for camera_id, camera in state.cameras.items():
            if camera_id in before.cameras:
                self._tell_transition(before.cameras[camera_id], camera)
        self._tell(None, *{**before.cameras, **state.cameras})

    def _receive_event(self, event: CameraEvent) -> None:
        for listener in list(self._event_listeners[event.camera]):
            _call(listener, event)
        if event.active and event.event in (TYPE_RING, TYPE_MOTION):
            self._fire(event.camera, event.event)

    def _lost(self, error: PortholeError) -> None:
        known, self.error = self.error, error
        if known is None:
            _LOGGER.warning("%s: connection lost: %s", self.entry.title, error)
            self._tell(None, *self.state.cameras)
        elif type(known) is not type(error):
            _LOGGER.warning("%s: not connected: %s", self.entry.title, error)
            self._tell(None)

    @callback
    def set_tier(self, camera_id: str, tier: str) -> None:
        """Remember which stream of a camera the user wants to see."""
        self.tiers[camera_id] = tier
        self._tell(camera_id)

    @callback
    def announce(self) -> None:
        """Tell those who listen to everything that something changed."""
        self._tell(None)

    def _tell(self, *camera_ids: str | None) -> None:
        for camera_id in camera_ids:
            for listener in list(self._listeners[camera_id]):
                _call(listener)
            if camera_id is not None:
                for camera_listener in list(self._camera_listeners):
                    _call(camera_listener, camera_id)

    def _tell_transition(self, before: CameraState, after: CameraState) -> None:
        online = is_online(after)
        if online is not None and online is (not is_online(before)):
            self._fire(after.id, TYPE_ONLINE if online else TYPE_OFFLINE)

    def _fire(self, camera_id: str, event_type: str) -> None:
        """Tell automations; a camera that has no device here has no triggers."""
        device = dr.async_get(self.hass).async_get_device_by_identifier(
            self.device_identifier(camera_id), self.entry.entry_id
        )
        if device is None:
            return
        data: dict[str, Any] = {
            "device_id": device.id,
            "camera": camera_id,
            "type": event_type,
        }
        self.hass.bus.async_fire(EVENT_PORTHOLE, data)


def _call[*Arguments](
    listener: Callable[[*Arguments], None], *arguments: *Arguments
) -> None:
    """Call a listener; one that fails does not keep the others, or the connection, from going on."""
    try:
        listener(*arguments)
    except Exception:
        _LOGGER.exception("A listener failed")
