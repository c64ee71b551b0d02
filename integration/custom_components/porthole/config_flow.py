"""Setting up a server: found by the Supervisor or in the network, or by its address; then the user picks cameras."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlow,
)
from homeassistant.const import (
    CONF_HOST,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_URL,
    CONF_USERNAME,
    CONF_VERIFY_SSL,
)
from homeassistant.core import callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import (
    BooleanSelector,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import probatio
from yarl import URL

from .address import DEFAULT_PORT, normalize_url
from .client import PortholeClient
from .const import (
    CONF_ADD_NEW,
    CONF_CAMERAS,
    CONF_IGNORED,
    DOMAIN,
    SUBENTRY_CAMERA,
)
from .errors import PortholeAuthError, PortholeError, PortholeVersionError
from .forms import SERVER_LOGIN, Fields, choice
from .models import CameraState, State
from .options_flow import PortholeOptionsFlow
from .subentries import can_be_added, subentry_data
from .subentry_flow import CameraSubentryFlow

_LOGIN_SCHEMA = probatio.Schema(SERVER_LOGIN)
_SERVER_SCHEMA = probatio.Schema(
    {
        probatio.Required(CONF_URL): TextSelector(
            TextSelectorConfig(type=TextSelectorType.URL)
        ),
        **SERVER_LOGIN,
        probatio.Required(CONF_VERIFY_SSL, default=True): BooleanSelector(),
    }
)


class PortholeConfigFlow(ConfigFlow, domain=DOMAIN):
    """Connects to a server, then offers its cameras."""

    VERSION = 1
    MINOR_VERSION = 1

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._data: dict[str, Any] = {}
        self._title = "Porthole"
        self._state: State | None = None

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        return PortholeOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        return {SUBENTRY_CAMERA: CameraSubentryFlow}

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the address."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await self._connect(user_input)
            if self._state is not None and not errors:
                await self.async_set_unique_id(self._state.server.id)
                self._abort_if_unique_id_configured(updates=self._data)
                self._title = URL(self._data[CONF_URL]).host or self._title
                return await self.async_step_cameras()
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(
                _SERVER_SCHEMA,
                user_input or {CONF_URL: f"http://homeassistant.local:{DEFAULT_PORT}"},
            ),
            errors=errors,
        )

    @override
    async def async_step_hassio(
        self, discovery_info: HassioServiceInfo
    ) -> ConfigFlowResult:
        """Take what the add-on announced: its address and a key."""
        config = discovery_info.config
        data = {
            CONF_URL: str(
                URL.build(
                    scheme="http",
                    host=str(config[CONF_HOST]),
                    port=int(config[CONF_PORT]),
                )
            ),
            CONF_USERNAME: config.get(CONF_USERNAME),
            CONF_PASSWORD: config.get(CONF_PASSWORD),
        }
        await self.async_set_unique_id(str(config["id"]))
        self._abort_if_unique_id_configured(updates=data)
        if errors := await self._connect({**data, CONF_VERIFY_SSL: True}):
            return self.async_abort(reason=errors["base"])
        self._title = discovery_info.name or self._title
        self.context["title_placeholders"] = {"name": self._title}
        return await self.async_step_cameras()

    @override
    async def async_step_zeroconf(
        self, discovery_info: ZeroconfServiceInfo
    ) -> ConfigFlowResult:
        """Take what a server in the network announced: its id and address."""
        properties = discovery_info.properties
        if not (server_id := properties.get("id")):
            return self.async_abort(reason="not_porthole")
        url = URL.build(
            scheme="https" if properties.get("https") == "1" else "http",
            host=discovery_info.host,
            port=discovery_info.port or DEFAULT_PORT,
            path=properties.get("path") or "",
        )
        await self.async_set_unique_id(server_id)
        self._abort_if_unique_id_configured(updates={CONF_URL: str(url)})
        self._title = discovery_info.name.partition("._")[0]
        self._data = {CONF_URL: str(url), CONF_VERIFY_SSL: True}
        self.context["title_placeholders"] = {"name": self._title}
        return await self.async_step_zeroconf_confirm()

    async def async_step_zeroconf_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for user and password of a server that was found."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await self._connect({**self._data, **user_input})
            if not errors:
                return await self.async_step_cameras()
        return self.async_show_form(
            step_id="zeroconf_confirm",
            data_schema=self.add_suggested_values_to_schema(
                _LOGIN_SCHEMA, user_input or {}
            ),
            description_placeholders={"name": self._title, "url": self._data[CONF_URL]},
            errors=errors,
        )

    async def async_step_cameras(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let the user pick cameras; all are picked already."""
        if user_input is None:
            # A discovered form may be opened long after it was made.
            await self._connect(self._data)
        assert self._state is not None
        cameras = {
            camera.id: camera
            for camera in self._state.cameras.values()
            if can_be_added(camera.id)
        }
        if user_input is not None:
            return self._create(cameras, user_input)
        schema: Fields = {}
        if cameras:
            names = {camera.id: camera.name for camera in cameras.values()}
            schema[probatio.Optional(CONF_CAMERAS, default=list(names))] = choice(
                names, multiple=True
            )
        schema[probatio.Required(CONF_ADD_NEW, default=True)] = BooleanSelector()
        return self.async_show_form(
            # Where there are no cameras yet, the form says how they come.
            step_id="cameras" if cameras else "no_cameras",
            data_schema=probatio.Schema(schema),
            description_placeholders={"server": self._title},
            last_step=True,
        )

    async_step_no_cameras = async_step_cameras

    def _create(
        self, cameras: Mapping[str, CameraState], user_input: dict[str, Any]
    ) -> ConfigFlowResult:
        """Make the entry, and a subentry of each camera that was picked."""
        chosen = set(user_input.get(CONF_CAMERAS, cameras))
        return self.async_create_entry(
            title=self._title,
            data=self._data,
            options={
                CONF_ADD_NEW: user_input[CONF_ADD_NEW],
                CONF_IGNORED: sorted(cameras.keys() - chosen),
            },
            subentries=[
                subentry_data(camera)
                for camera in cameras.values()
                if camera.id in chosen
            ],
        )

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Begin: the server no longer takes the password."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for another one."""
        entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            login = {CONF_USERNAME: None, CONF_PASSWORD: None, **user_input}
            errors = await self._connect_again({**entry.data, **login})
            if not errors:
                return self.async_update_reload_and_abort(entry, data=self._data)
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=self.add_suggested_values_to_schema(
                _LOGIN_SCHEMA,
                user_input or {CONF_USERNAME: entry.data.get(CONF_USERNAME)},
            ),
            description_placeholders={"name": entry.title},
            errors=errors,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take another address, user and password of the same server."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await self._connect_again(user_input)
            if not errors:
                return self.async_update_reload_and_abort(entry, data=self._data)
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                _SERVER_SCHEMA, user_input or entry.data
            ),
            errors=errors,
        )

    async def _connect_again(self, data: Mapping[str, Any]) -> dict[str, str]:
        """Connect to the server of the entry; the flow ends when it is another one."""
        errors = await self._connect(data)
        if self._state is not None and not errors:
            await self.async_set_unique_id(self._state.server.id)
            self._abort_if_unique_id_mismatch(reason="another_server")
        return errors

    async def _connect(self, data: Mapping[str, Any]) -> dict[str, str]:
        """Ask the server for its cameras, and keep what works. Returns the errors of the form."""
        url = normalize_url(data[CONF_URL])
        if url is None:
            return {CONF_URL: "invalid_url"}
        client = PortholeClient(
            async_get_clientsession(self.hass, data[CONF_VERIFY_SSL]),
            url,
            data.get(CONF_USERNAME),
            data.get(CONF_PASSWORD),
        )
        try:
            self._state = await client.state()
        except PortholeAuthError:
            return {"base": "invalid_auth"}
        except PortholeVersionError as error:
            return {"base": "server_too_new" if error.too_new else "server_too_old"}
        except PortholeError:
            return {"base": "cannot_connect"}
        self._data = {
            CONF_URL: url,
            CONF_USERNAME: data.get(CONF_USERNAME),
            CONF_PASSWORD: data.get(CONF_PASSWORD),
            CONF_VERIFY_SSL: data[CONF_VERIFY_SSL],
        }
        return {}
