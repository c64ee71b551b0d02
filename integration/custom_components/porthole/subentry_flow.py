"""Adding a camera from Home Assistant.

    user ─┬─ existing                                    a camera that the server has already
          ├─ scan ─ found ─ login ─ [lens] ─ confirm     one that the server finds
          └─ address ─────────────────────── confirm     one whose address is known

`confirm` shows the picture that the server took, and asks for name and area. Everything is the server's work: it scans, probes and
keeps the camera.
"""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME, CONF_PASSWORD, CONF_USERNAME
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers import area_registry as ar
import probatio

from .access import loaded_entry
from .candidate import Candidate, async_try_camera
from .const import CONF_CAMERA
from .coordinator import PortholeCoordinator
from .errors import PortholeError
from .forms import (
    ADDRESS_SCHEMA,
    CAMERA_LOGIN,
    CONF_AREA,
    CONF_DOORBELL,
    CONF_SOURCE,
    CONF_SUB_SOURCE,
    CONFIRM_SCHEMA,
    RECONFIGURE_SCHEMA,
    choice,
)
from .found import FoundCamera
from .subentries import can_be_added, free_camera_id, subentry_of

CONF_KIND: Final = "kind"
CONF_LENS: Final = "lens"

#: A device that tells of its profiles when it is asked with a password.
_KIND_ONVIF: Final = "onvif"
_LOGIN_SCHEMA: Final = probatio.Schema(CAMERA_LOGIN)

#: An error of a form: its key among the texts, and what the server said.
type Trouble = tuple[str, str]


class CameraSubentryFlow(ConfigSubentryFlow):
    """Adds one camera."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._kind = ""
        self._found: tuple[FoundCamera, ...] = ()
        self._camera: FoundCamera | None = None
        self._lenses: tuple[FoundCamera, ...] = ()
        self._login: dict[str, str] = {}
        self._name = ""
        self._candidate: Candidate | None = None

    @property
    def _coordinator(self) -> PortholeCoordinator:
        entry = loaded_entry(self.hass, self._get_entry().entry_id)
        if entry is None or not entry.runtime_data.available:
            raise AbortFlow("not_loaded")
        return entry.runtime_data

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
                {probatio.Required(CONF_CAMERA): choice(cameras)}
            ),
        )

    def _form(
        self,
        step: str,
        schema: probatio.Schema,
        values: Mapping[str, Any] | None = None,
        trouble: Trouble | None = None,
        **placeholders: str,
    ) -> SubentryFlowResult:
        """Show a form, filled in, with what went wrong."""
        error, reason = trouble or ("", "")
        return self.async_show_form(
            step_id=step,
            data_schema=self.add_suggested_values_to_schema(schema, values or {}),
            description_placeholders={**placeholders, "error": reason},
            errors={"base": error} if error else {},
            last_step=step == "confirm" or None,
        )

    async def async_step_scan(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Let the server look for cameras of a kind."""
        client = self._coordinator.client
        trouble: Trouble | None = None
        if user_input is not None:
            self._kind = user_input[CONF_KIND]
            try:
                self._found = (await client.scan(self._kind)).found
            except PortholeError as error:
                trouble = "request_failed", str(error)
            else:
                if self._found:
                    return await self.async_step_found()
                trouble = "nothing_found", ""
        try:
            kinds = await client.scan_kinds()
        except PortholeError as error:
            return self.async_abort(
                reason="request_failed", description_placeholders={"error": str(error)}
            )
        schema = probatio.Schema({probatio.Required(CONF_KIND): choice(kinds)})
        kind = self._kind or next(iter(kinds), "")
        return self._form("scan", schema, {CONF_KIND: kind}, trouble)

    async def async_step_found(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Let the user choose among what was found."""
        trouble: Trouble | None = None
        if user_input is not None:
            camera = self._camera = self._found[int(user_input[CONF_CAMERA])]
            if camera.camera is not None:
                trouble = "camera_known", ""
            elif not camera.sources:
                trouble = "camera_not_usable", camera.hint or ""
            elif camera.credentials:
                return await self.async_step_login()
            elif (trouble := await self._try_found(camera)) is None:
                return await self.async_step_confirm()
        cameras = {
            str(index): " · ".join(
                part for part in (camera.name, camera.model, camera.address) if part
            )
            for index, camera in enumerate(self._found)
        }
        schema = probatio.Schema({probatio.Required(CONF_CAMERA): choice(cameras)})
        return self._form("found", schema, trouble=trouble)

    async def async_step_login(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the camera's own user and password."""
        assert self._camera is not None
        trouble: Trouble | None = None
        if user_input is not None:
            self._login = user_input
            if (trouble := await self._sign_in(self._camera)) is None:
                if self._candidate is None:
                    return await self.async_step_lens()
                return await self.async_step_confirm()
        return self._form(
            "login", _LOGIN_SCHEMA, self._login, trouble, name=self._camera.name
        )

    async def _sign_in(self, camera: FoundCamera) -> Trouble | None:
        """Try the only lens of a camera; of a device that has several, only learn which."""
        if camera.kind != _KIND_ONVIF:
            return await self._try_found(camera)
        try:
            result = await self._coordinator.client.look_at(
                camera.sources[0].source,
                self._login.get(CONF_USERNAME),
                self._login.get(CONF_PASSWORD),
            )
        except PortholeError as error:
            return "request_failed", str(error)
        if result.error is not None or not result.found:
            return "request_failed", result.error.message if result.error else ""
        self._lenses = result.found
        # Their sources hold the credentials.
        self._login = {}
        return (
            await self._try_found(result.found[0]) if len(result.found) == 1 else None
        )

    async def async_step_lens(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Let the user choose among the lenses of one device."""
        trouble: Trouble | None = None
        if user_input is not None:
            lens = self._lenses[int(user_input[CONF_LENS])]
            if (trouble := await self._try_found(lens)) is None:
                return await self.async_step_confirm()
        lenses = {str(index): lens.name for index, lens in enumerate(self._lenses)}
        schema = probatio.Schema({probatio.Required(CONF_LENS): choice(lenses)})
        return self._form("lens", schema, trouble=trouble)

    async def _try_found(self, camera: FoundCamera) -> Trouble | None:
        sources = camera.sources
        main = next((each for each in sources if each.role == "main"), sources[0])
        sub = next((each for each in sources if each.role == "sub"), None)
        self._name = camera.name
        return await self._try(main.source, sub.source if sub else None)

    async def _try(self, source: str, sub_source: str | None = None) -> Trouble | None:
        """Make a camera that works the candidate. Returns why it does not work."""
        try:
            self._candidate = await async_try_camera(
                self.hass,
                self._coordinator.client,
                source,
                sub_source,
                self._login.get(CONF_USERNAME),
                self._login.get(CONF_PASSWORD),
            )
        except PortholeError as error:
            return "probe_failed", str(error)
        return None

    async def async_step_address(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Take an address that the user knows."""
        trouble: Trouble | None = None
        if user_input is not None:
            self._login = user_input
            trouble = await self._try(
                user_input[CONF_SOURCE].strip(), user_input.get(CONF_SUB_SOURCE)
            )
            if trouble is None:
                return await self.async_step_confirm()
        return self._form("address", ADDRESS_SCHEMA, user_input, trouble)

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Show the picture, ask for name and area, and add the camera."""
        candidate = self._candidate
        assert candidate is not None
        trouble: Trouble | None = None
        if user_input is not None:
            try:
                return await self._add(candidate, user_input)
            except PortholeError as error:
                trouble = "request_failed", str(error)
        return self._form(
            "confirm",
            CONFIRM_SCHEMA,
            user_input or {CONF_NAME: self._name},
            trouble,
            picture=candidate.picture,
            tracks=candidate.tracks,
        )

    async def _add(
        self, candidate: Candidate, user_input: dict[str, Any]
    ) -> SubentryFlowResult:
        """Create the camera on the server. Raises PortholeError."""
        coordinator = self._coordinator
        camera_id = free_camera_id(coordinator, user_input[CONF_NAME])
        changes: dict[str, Any] = {
            "name": user_input[CONF_NAME],
            "sources": [candidate.source],
            "doorbell": user_input[CONF_DOORBELL],
        }
        if candidate.sub_source:
            changes["sub_sources"] = [candidate.sub_source]
        area_id = user_input.get(CONF_AREA)
        area = ar.async_get(self.hass).async_get_area(area_id) if area_id else None
        if area is not None:
            changes["area"] = area.name
        # The subentry is ours to make, not that of whoever hears of the new camera.
        coordinator.reserved.add(camera_id)
        try:
            camera = await coordinator.change_camera(camera_id, changes)
        except PortholeError:
            coordinator.reserved.discard(camera_id)
            raise
        return self.async_create_entry(
            title=camera.name, data={CONF_CAMERA: camera.id}, unique_id=camera.id
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change the name, what it is, or its address."""
        subentry = self._get_reconfigure_subentry()
        camera = self._coordinator.state.cameras.get(subentry.unique_id or "")
        if camera is None:
            return self.async_abort(reason="camera_gone")
        trouble: Trouble | None = None
        if user_input is not None:
            trouble = await self._change(camera.id, user_input)
            if trouble is None:
                return self.async_update_and_abort(
                    self._get_entry(), subentry, title=user_input[CONF_NAME]
                )
        return self._form(
            "reconfigure",
            RECONFIGURE_SCHEMA,
            user_input or {CONF_NAME: camera.name, CONF_DOORBELL: camera.doorbell},
            trouble,
        )

    async def _change(
        self, camera_id: str, user_input: dict[str, Any]
    ) -> Trouble | None:
        """Try a new address, then change the camera on the server. Returns why it was not."""
        changes: dict[str, Any] = {
            "name": user_input[CONF_NAME],
            "doorbell": user_input[CONF_DOORBELL],
        }
        if source := user_input.get(CONF_SOURCE):
            self._login = user_input
            if trouble := await self._try(source.strip()):
                return trouble
            assert self._candidate is not None
            changes["sources"] = [self._candidate.source]
        try:
            await self._coordinator.change_camera(camera_id, changes)
        except PortholeError as error:
            return "request_failed", str(error)
        return None
