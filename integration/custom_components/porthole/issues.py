"""Problems that the user can do something about, shown as repairs and taken back when they are gone."""

from datetime import datetime
from functools import partial
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_call_later

from .const import DOMAIN
from .coordinator import PortholeCoordinator
from .errors import PortholeVersionError
from .models import CameraState, CameraStatus
from .subentries import subentry_of

#: A camera that fails for so long will not come back by itself.
FAILING_S: Final = 300

ISSUE_TOO_OLD: Final = "server_too_old"
ISSUE_TOO_NEW: Final = "server_too_new"
ISSUE_WEBRTC: Final = "webrtc_unreachable"
ISSUE_OUTDATED: Final = "integration_outdated"
ISSUE_RESTART: Final = "restart_required"
ISSUE_FAILING: Final = "camera_failing"

_ISSUES_OF_SERVER = (
    ISSUE_TOO_OLD,
    ISSUE_TOO_NEW,
    ISSUE_WEBRTC,
    ISSUE_OUTDATED,
    ISSUE_RESTART,
)


def issue_id(kind: str, entry: ConfigEntry, camera_id: str | None = None) -> str:
    """Name an issue of an entry, or of one of its cameras."""
    return "_".join(part for part in (kind, entry.entry_id, camera_id) if part)


@callback
def async_tell_version_issue(
    hass: HomeAssistant, entry: ConfigEntry, error: PortholeVersionError
) -> None:
    """Say that server and integration do not understand each other."""
    _tell(
        hass,
        entry,
        ISSUE_TOO_NEW if error.too_new else ISSUE_TOO_OLD,
        {"version": error.version or "?"},
        severity=ir.IssueSeverity.ERROR,
    )


@callback
def async_keep_issues(coordinator: PortholeCoordinator) -> None:
    """Keep the issues of a server up to date until the entry is unloaded; then they go, too."""
    keeper = _IssueKeeper(coordinator)
    entry = coordinator.entry
    entry.async_on_unload(keeper.forget)
    entry.async_on_unload(coordinator.listen(None, keeper.look_at_server))
    entry.async_on_unload(coordinator.listen_cameras(keeper.look_at_camera))
    keeper.look_at_server()
    for camera_id in coordinator.state.cameras:
        keeper.look_at_camera(camera_id)


class _IssueKeeper:
    """The issues of one server."""

    def __init__(self, coordinator: PortholeCoordinator) -> None:
        self._hass = coordinator.hass
        self._entry = coordinator.entry
        self._coordinator = coordinator
        #: Cameras that fail, and what ends the wait until that is told.
        self._waiting: dict[str, CALLBACK_TYPE] = {}
        #: What is told of a camera.
        self._told: dict[str, str] = {}

    @callback
    def look_at_server(self) -> None:
        """Compare what the server says with what is told."""
        error = self._coordinator.error
        version_error = error if isinstance(error, PortholeVersionError) else None
        if version_error:
            async_tell_version_issue(self._hass, self._entry, version_error)
        if error is not None:
            return
        for kind in (ISSUE_TOO_OLD, ISSUE_TOO_NEW):
            self._take_back(kind)
        server = self._coordinator.state.server
        self._tell_or_take_back(
            server.webrtc_reachable is False,
            ISSUE_WEBRTC,
            {"port": str(server.webrtc_port)},
        )
        files = server.integration
        restart = files is not None and files.restart_required
        self._tell_or_take_back(
            restart,
            ISSUE_RESTART,
            {"version": (files.installed if files else None) or "?"},
            is_fixable=True,
        )
        newer = (
            files is not None
            and files.bundled is not None
            and files.bundled != files.installed
            and is_newer(files.bundled, self._coordinator.version)
        )
        self._tell_or_take_back(
            newer and not restart,
            ISSUE_OUTDATED,
            {
                "version": self._coordinator.version,
                "bundled": (files.bundled if files else None) or "?",
            },
        )

    @callback
    def look_at_camera(self, camera_id: str) -> None:
        """Tell of a camera that has failed for long; take it back when it works, or is gone."""
        camera = self._coordinator.state.cameras.get(camera_id)
        if camera is None or not subentry_of(self._entry, camera_id):
            self._camera_works(camera_id)
        elif camera.status is CameraStatus.FAILED:
            self._camera_fails(camera)
        elif camera.error is None or camera.status is CameraStatus.DISABLED:
            self._camera_works(camera_id)

    def _camera_fails(self, camera: CameraState) -> None:
        told = ir.async_get(self._hass).async_get_issue(
            DOMAIN, issue_id(ISSUE_FAILING, self._entry, camera.id)
        )
        if told is None:
            # Never told, or mended by the user, who may have been wrong.
            self._told.pop(camera.id, None)
        else:
            self._tell_failing(camera.id)
        if told is None and camera.id not in self._waiting:
            self._waiting[camera.id] = async_call_later(
                self._hass, FAILING_S, partial(self._waited, camera.id)
            )

    @callback
    def _waited(self, camera_id: str, _: datetime) -> None:
        self._waiting.pop(camera_id, None)
        self._tell_failing(camera_id)

    def _tell_failing(self, camera_id: str) -> None:
        camera = self._coordinator.state.cameras.get(camera_id)
        if camera is None or camera.error is None:
            return
        if self._told.get(camera_id) == camera.error.message:
            return
        self._told[camera_id] = camera.error.message
        _tell(
            self._hass,
            self._entry,
            ISSUE_FAILING,
            {"name": camera.name, "reason": camera.error.message},
            camera_id=camera_id,
            is_fixable=True,
        )

    def _camera_works(self, camera_id: str) -> None:
        if stop := self._waiting.pop(camera_id, None):
            stop()
        self._told.pop(camera_id, None)
        self._take_back(ISSUE_FAILING, camera_id)

    @callback
    def forget(self) -> None:
        """Take everything back."""
        for kind in _ISSUES_OF_SERVER:
            self._take_back(kind)
        for camera_id in {*self._waiting, *self._told}:
            self._camera_works(camera_id)

    def _tell_or_take_back(
        self,
        is_so: bool,
        kind: str,
        placeholders: dict[str, str],
        *,
        is_fixable: bool = False,
    ) -> None:
        if is_so:
            _tell(self._hass, self._entry, kind, placeholders, is_fixable=is_fixable)
        else:
            self._take_back(kind)

    def _take_back(self, kind: str, camera_id: str | None = None) -> None:
        ir.async_delete_issue(
            self._hass, DOMAIN, issue_id(kind, self._entry, camera_id)
        )


def is_newer(version: str, than: str) -> bool:
    """Compare versions of three numbers; what is no such version is not newer."""
    try:
        numbers, others = (
            [int(number) for number in text.split(".")] for text in (version, than)
        )
    except ValueError:
        return False
    return numbers > others


@callback
def _tell(
    hass: HomeAssistant,
    entry: ConfigEntry,
    kind: str,
    placeholders: dict[str, str],
    *,
    camera_id: str | None = None,
    is_fixable: bool = False,
    severity: ir.IssueSeverity = ir.IssueSeverity.WARNING,
) -> None:
    data: dict[str, str | int | float | None] = {
        "kind": kind,
        "entry_id": entry.entry_id,
        "camera": camera_id,
        **placeholders,
    }
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id(kind, entry, camera_id),
        config_entry_id=entry.entry_id,
        data=data,
        is_fixable=is_fixable,
        severity=severity,
        translation_key=kind,
        translation_placeholders={"server": entry.title, **placeholders},
    )
