"""Adding a camera from Home Assistant.

    user ─┬─ existing                                    a camera that the server has already
          ├─ scan ─ found ─ login ─ [lens] ─ confirm     one that the server finds
          └─ address ─────────────────────── confirm     one whose address is known

`confirm` shows the picture that the server took, and asks for name and area. Everything is the server's work: it scans, probes and
keeps the camera.
"""

from base64 import b64decode
from datetime import timedelta
from secrets import token_urlsafe
from typing import Any, Final

from homeassistant.components.http.auth import async_sign_path
from homeassistant.config_entries import ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME, CONF_PASSWORD, CONF_USERNAME
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers.selector import (
    AreaSelector,
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import probatio

from .access import loaded_entry
from .const import CONF_CAMERA
from .coordinator import PortholeCoordinator
from .errors import PortholeError
from .models import FoundCamera, Probe
from .subentries import can_be_added, free_camera_id, subentry_of
from .views import async_keep_preview

CONF_AREA: Final = "area"
CONF_DOORBELL: Final = "doorbell"
CONF_KIND: Final = "kind"
CONF_LENS: Final = "lens"
CONF_SOURCE: Final = "source"
CONF_SUB_SOURCE: Final = "sub_source"

_PREVIEW_LASTS = timedelta(minutes=10)
_JPEG = "data:image/jpeg;base64,"
#: A device that tells of its profiles when it is asked with a password.
_KIND_ONVIF = "onvif"
_LOGIN: Final = {
    probatio.Optional(CONF_USERNAME): TextSelector(),
    probatio.Optional(CONF_PASSWORD): TextSelector(
        TextSelectorConfig(type=TextSelectorType.PASSWORD)
    ),
}
_ADDRESS_SCHEMA = probatio.Schema(
    {
        probatio.Required(CONF_SOURCE): TextSelector(),
        probatio.Optional(CONF_SUB_SOURCE): TextSelector(),
        **_LOGIN,
    }
)
_LOGIN_SCHEMA = probatio.Schema(_LOGIN)


def _choice(options: dict[str, str]) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=value, label=label)
                for value, label in options.items()
            ],
            mode=SelectSelectorMode.LIST,
        )
    )


class CameraSubentryFlow(ConfigSubentryFlow):
    """Adds one camera."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._kind = ""
        self._found: list[FoundCamera] = []
        self._lenses: list[FoundCamera] = []
        self._camera: FoundCamera | None = None
        self._login: dict[str, str] = {}
        self._probe: Probe | None = None
        self._sub_source: str | None = None
        self._name = ""
        self._picture = ""

    @property
    def _coordinator(self) -> PortholeCoordinator:
        entry = loaded_entry(self.hass, self._get_entry().entry_id)
        if entry is None or not entry.runtime_data.coordinator.available:
            raise AbortFlow("not_loaded")
        return entry.runtime_data.coordinator

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Offer the ways to a camera."""
        ways = ["scan", "address"]
        if self._existing():
            ways.insert(0, "existing")
        return self.async_show_menu(step_id="user", menu_options=ways)

    def _existing(self) -> dict[str, str]:
        """Name the cameras of the server that are not here."""
        entry = self._get_entry()
        return {
            camera.id: camera.name
            for camera in self._coordinator.state.cameras.values()
            if can_be_added(camera.id) and not subentry_of(entry, camera.id)
        }

    async def async_step_existing(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Take a camera that the server has."""
        cameras = self._existing()
        if user_input is not None:
            camera_id: str = user_input[CONF_CAMERA]
            return self.async_create_entry(
                title=cameras.get(camera_id, camera_id),
                data={CONF_CAMERA: camera_id},
                unique_id=camera_id,
            )
        return self.async_show_form(
            step_id="existing",
            data_schema=probatio.Schema(
                {probatio.Required(CONF_CAMERA): _choice(cameras)}
            ),
        )

    async def async_step_scan(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Let the server look for cameras of a kind."""
        client = self._coordinator.client
        errors: dict[str, str] = {}
        reason = ""
        if user_input is not None:
            self._kind = user_input[CONF_KIND]
            try:
                self._found = await client.scan(self._kind)
            except PortholeError as error:
                errors["base"], reason = "request_failed", str(error)
            else:
                if self._found:
                    return await self.async_step_found()
                errors["base"] = "nothing_found"
        try:
            kinds = await client.scan_kinds()
        except PortholeError as error:
            return self.async_abort(
                reason="request_failed", description_placeholders={"error": str(error)}
            )
        return self.async_show_form(
            step_id="scan",
            data_schema=self.add_suggested_values_to_schema(
                probatio.Schema({probatio.Required(CONF_KIND): _choice(kinds)}),
                {CONF_KIND: self._kind or next(iter(kinds), "")},
            ),
            description_placeholders={"error": reason},
            errors=errors,
        )

    async def async_step_found(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Let the user choose among what was found."""
        errors: dict[str, str] = {}
        hint = ""
        if user_input is not None:
            camera = self._found[int(user_input[CONF_CAMERA])]
            if camera.camera is not None:
                errors["base"] = "camera_known"
            elif not camera.sources:
                errors["base"], hint = "camera_not_usable", camera.hint or ""
            else:
                self._camera = camera
                if camera.credentials:
                    return await self.async_step_login()
                return await self._try_found("found", errors)
        return self._show_found(errors, hint)

    def _show_found(self, errors: dict[str, str], hint: str) -> SubentryFlowResult:
        options = {
            str(index): " · ".join(
                part for part in (camera.name, camera.model, camera.address) if part
            )
            for index, camera in enumerate(self._found)
        }
        return self.async_show_form(
            step_id="found",
            data_schema=probatio.Schema(
                {probatio.Required(CONF_CAMERA): _choice(options)}
            ),
            description_placeholders={"error": hint},
            errors=errors,
        )

    async def async_step_login(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the camera's own user and password."""
        assert self._camera is not None
        if user_input is not None:
            self._login = user_input
            if self._camera.kind != _KIND_ONVIF:
                return await self._try_found("login", {})
            try:
                self._lenses, reason = await self._coordinator.client.look_at(
                    self._camera.sources[0].source,
                    user_input.get(CONF_USERNAME),
                    user_input.get(CONF_PASSWORD),
                )
            except PortholeError as error:
                return self._show_login("request_failed", str(error))
            if reason is not None or not self._lenses:
                return self._show_login("request_failed", reason or "")
            # Its sources hold the credentials.
            self._login = {}
            if len(self._lenses) > 1:
                return await self.async_step_lens()
            self._camera = self._lenses[0]
            return await self._try_found("login", {})
        return self._show_login()

    def _show_login(self, error: str = "", reason: str = "") -> SubentryFlowResult:
        assert self._camera is not None
        return self.async_show_form(
            step_id="login",
            data_schema=self.add_suggested_values_to_schema(_LOGIN_SCHEMA, self._login),
            description_placeholders={"name": self._camera.name, "error": reason},
            errors={"base": error} if error else {},
        )

    async def async_step_lens(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Let the user choose among the lenses of one device."""
        reason = ""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._camera = self._lenses[int(user_input[CONF_LENS])]
            reason = await self._look_at_found()
            if not reason:
                return await self.async_step_confirm()
            errors["base"] = "probe_failed"
        return self.async_show_form(
            step_id="lens",
            data_schema=probatio.Schema(
                {
                    probatio.Required(CONF_LENS): _choice(
                        {
                            str(index): lens.name
                            for index, lens in enumerate(self._lenses)
                        }
                    )
                }
            ),
            description_placeholders={"error": reason},
            errors=errors,
        )

    async def _try_found(self, step: str, errors: dict[str, str]) -> SubentryFlowResult:
        if not (reason := await self._look_at_found()):
            return await self.async_step_confirm()
        if step == "login":
            return self._show_login("probe_failed", reason)
        return self._show_found({**errors, "base": "probe_failed"}, reason)

    async def _look_at_found(self) -> str:
        """Probe the camera that was chosen. Returns why it does not work, or nothing."""
        assert self._camera is not None
        sources = self._camera.sources
        main = next((each for each in sources if each.role == "main"), sources[0])
        sub = next((each for each in sources if each.role == "sub"), None)
        self._name = self._camera.name
        return await self._look_at(main.source, sub.source if sub else None)

    async def _look_at(self, source: str, sub_source: str | None) -> str:
        username = self._login.get(CONF_USERNAME)
        password = self._login.get(CONF_PASSWORD)
        client = self._coordinator.client
        try:
            probe = await client.probe(source, username, password)
            if probe.error is not None:
                return probe.error.message
            if sub_source is not None:
                sub = await client.probe(sub_source, username, password)
                # A sub stream that does not work is no reason to do without the camera.
                sub_source = None if sub.error else sub.source
        except PortholeError as error:
            return str(error)
        self._probe, self._sub_source = probe, sub_source
        self._picture = self._keep_picture(probe)
        return ""

    def _keep_picture(self, probe: Probe) -> str:
        """Make a picture that the form shows: Markdown, by a signed path."""
        if not probe.snapshot or not probe.snapshot.startswith(_JPEG):
            return ""
        try:
            jpeg = b64decode(probe.snapshot.removeprefix(_JPEG), validate=True)
        except ValueError:
            return ""
        path = async_keep_preview(self.hass, token_urlsafe(16), jpeg)
        return f"![]({async_sign_path(self.hass, path, _PREVIEW_LASTS)})"

    async def async_step_address(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Take an address that the user knows."""
        reason = ""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._login = user_input
            reason = await self._look_at(
                user_input[CONF_SOURCE].strip(), user_input.get(CONF_SUB_SOURCE)
            )
            if not reason:
                return await self.async_step_confirm()
            errors["base"] = "probe_failed"
        return self.async_show_form(
            step_id="address",
            data_schema=self.add_suggested_values_to_schema(
                _ADDRESS_SCHEMA, user_input or {}
            ),
            description_placeholders={"error": reason},
            errors=errors,
        )

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Show the picture, ask for name and area, and add the camera."""
        assert self._probe is not None
        reason = ""
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                return await self._add(user_input)
            except PortholeError as error:
                errors["base"], reason = "request_failed", str(error)
        return self.async_show_form(
            step_id="confirm",
            data_schema=self.add_suggested_values_to_schema(
                probatio.Schema(
                    {
                        probatio.Required(CONF_NAME): TextSelector(),
                        probatio.Optional(CONF_AREA): AreaSelector(),
                        probatio.Required(
                            CONF_DOORBELL, default=False
                        ): BooleanSelector(),
                    }
                ),
                user_input or {CONF_NAME: self._name},
            ),
            description_placeholders={
                "picture": self._picture,
                "tracks": describe(self._probe),
                "error": reason,
            },
            errors=errors,
            last_step=True,
        )

    async def _add(self, user_input: dict[str, Any]) -> SubentryFlowResult:
        """Create the camera on the server. Raises PortholeError."""
        assert self._probe is not None
        coordinator = self._coordinator
        camera_id = free_camera_id(coordinator, user_input[CONF_NAME])
        changes: dict[str, Any] = {
            "name": user_input[CONF_NAME],
            "sources": [self._probe.source],
            "doorbell": user_input[CONF_DOORBELL],
        }
        if self._sub_source:
            changes["sub_sources"] = [self._sub_source]
        area_id = user_input.get(CONF_AREA)
        area = ar.async_get(self.hass).async_get_area(area_id) if area_id else None
        if area is not None:
            changes["area"] = area.name
        # The subentry is ours to make, not that of whoever hears of the new camera.
        coordinator.reserved.add(camera_id)
        try:
            camera = await coordinator.client.put_camera(camera_id, changes)
        except PortholeError:
            coordinator.reserved.discard(camera_id)
            raise
        coordinator.receive_camera(camera)
        return self.async_create_entry(
            title=camera.name, data={CONF_CAMERA: camera.id}, unique_id=camera.id
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change the name, what it is, or its address."""
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        coordinator = self._coordinator
        camera = coordinator.state.cameras.get(subentry.unique_id or "")
        if camera is None:
            return self.async_abort(reason="camera_gone")
        reason = ""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._login = user_input
            changes: dict[str, Any] = {
                "name": user_input[CONF_NAME],
                "doorbell": user_input[CONF_DOORBELL],
            }
            if source := user_input.get(CONF_SOURCE):
                reason = await self._look_at(source.strip(), None)
                if reason or self._probe is None:
                    errors["base"] = "probe_failed"
                else:
                    changes["sources"] = [self._probe.source]
            if not errors:
                try:
                    camera = await coordinator.client.put_camera(camera.id, changes)
                except PortholeError as error:
                    errors["base"], reason = "request_failed", str(error)
                else:
                    coordinator.receive_camera(camera)
                    return self.async_update_and_abort(
                        entry, subentry, title=camera.name
                    )
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                probatio.Schema(
                    {
                        probatio.Required(CONF_NAME): TextSelector(),
                        probatio.Required(
                            CONF_DOORBELL, default=False
                        ): BooleanSelector(),
                        probatio.Optional(CONF_SOURCE): TextSelector(),
                        **_LOGIN,
                    }
                ),
                user_input or {CONF_NAME: camera.name, CONF_DOORBELL: camera.doorbell},
            ),
            description_placeholders={"error": reason},
            errors=errors,
        )


def describe(probe: Probe) -> str:
    """Name the tracks of a source, and whether it has a loudspeaker."""
    parts = []
    for track in probe.tracks:
        size = f" {track.width}×{track.height}" if track.width else ""
        parts.append(f"{track.codec.upper()}{size}")
    if probe.talk:
        parts.append("🎤")
    return " · ".join(parts)
