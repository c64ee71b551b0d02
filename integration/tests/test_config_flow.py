"""Every path through the flows that set a server up."""

from ipaddress import ip_address
from typing import Any

from homeassistant.config_entries import (
    SOURCE_HASSIO,
    SOURCE_USER,
    SOURCE_ZEROCONF,
    ConfigFlowResult,
)
from homeassistant.const import CONF_PASSWORD, CONF_URL, CONF_USERNAME, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.porthole.address import normalize_url
from custom_components.porthole.const import DOMAIN

from .fake_server import PASSWORD, SERVER_ID, USERNAME, FakeServer, camera

pytestmark = pytest.mark.usefixtures("platform")

BAD_ANSWERS = [
    ({"api": 2}, "server_too_new"),
    ({"api": 0}, "server_too_old"),
]


def form(server: FakeServer, **values: Any) -> dict[str, Any]:
    """Fill in the form for a server."""
    return {
        CONF_URL: f"{server.url}/",
        CONF_USERNAME: USERNAME,
        CONF_PASSWORD: PASSWORD,
        CONF_VERIFY_SSL: True,
        **values,
    }


async def begin(hass: HomeAssistant, source: str, data: Any = None) -> ConfigFlowResult:
    """Begin a flow."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": source}, data=data
    )


async def go_on(
    hass: HomeAssistant, result: ConfigFlowResult, values: dict[str, Any]
) -> ConfigFlowResult:
    """Submit a form."""
    return await hass.config_entries.flow.async_configure(result["flow_id"], values)


def announced(server: FakeServer, **values: Any) -> HassioServiceInfo:
    """Make what the Supervisor says of the add-on."""
    url = URL(server.url)
    config = {
        "host": url.host,
        "port": url.port,
        "username": USERNAME,
        "password": PASSWORD,
        "id": SERVER_ID,
        **values,
    }
    return HassioServiceInfo(
        config=config, name="Porthole", slug="porthole", uuid="another id"
    )


def seen(server: FakeServer, **properties: str) -> ZeroconfServiceInfo:
    """Make what a server says in the network."""
    url = URL(server.url)
    return ZeroconfServiceInfo(
        ip_address=ip_address(url.host or ""),
        ip_addresses=[ip_address(url.host or "")],
        port=url.port,
        hostname="nas.local.",
        type="_porthole._tcp.local.",
        name="nas._porthole._tcp.local.",
        properties=properties,
    )


async def test_user(hass: HomeAssistant, server: FakeServer) -> None:
    """Address and password, then cameras; all are picked."""
    result = await begin(hass, SOURCE_USER)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "user")
    result = await go_on(hass, result, form(server))
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "cameras")
    result = await go_on(
        hass, result, {"cameras": ["front_door", "garden"], "add_new": True}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert entry.title == "127.0.0.1"
    assert entry.unique_id == SERVER_ID
    assert entry.data == form(server, url=server.url)
    assert entry.options == {"add_new": True, "ignored": []}
    await hass.async_block_till_done()
    assert {each.title for each in entry.subentries.values()} == {
        "Front door",
        "Garden",
    }
    assert hass.states.get("camera.garden")


async def test_deselected_cameras(hass: HomeAssistant, server: FakeServer) -> None:
    """They stay away."""
    result = await go_on(hass, await begin(hass, SOURCE_USER), form(server))
    result = await go_on(hass, result, {"cameras": ["garden"], "add_new": True})
    await hass.async_block_till_done()
    assert result["result"].options["ignored"] == ["front_door"]
    assert hass.states.get("camera.garden")
    assert hass.states.get("camera.front_door") is None


async def test_no_cameras_yet(hass: HomeAssistant, server: FakeServer) -> None:
    """The form says so; streams that core made itself are none."""
    server.cameras = {"camera.kitchen": camera("camera.kitchen")}
    result = await go_on(hass, await begin(hass, SOURCE_USER), form(server))
    assert result["step_id"] == "no_cameras"
    result = await go_on(hass, result, {"add_new": True})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert not result["subentries"]


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({CONF_PASSWORD: "wrong"}, {"base": "invalid_auth"}),
        ({CONF_URL: "ftp://nas"}, {CONF_URL: "invalid_url"}),
        ({CONF_URL: "http://nas:port"}, {CONF_URL: "invalid_url"}),
        ({CONF_URL: "127.0.0.1:1"}, {"base": "cannot_connect"}),
    ],
)
async def test_user_errors(
    hass: HomeAssistant,
    server: FakeServer,
    values: dict[str, str],
    errors: dict[str, str],
) -> None:
    """The form comes again and says why; then it works."""
    result = await go_on(hass, await begin(hass, SOURCE_USER), form(server, **values))
    assert result["errors"] == errors
    result = await go_on(hass, result, form(server))
    assert result["step_id"] == "cameras"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (" nas ", "http://nas:1984"),
        ("https://nas/porthole/?x#y", "https://nas/porthole"),
        ("http://user:password@10.0.0.1:80", "http://10.0.0.1"),
        ("http://", None),
    ],
)
def test_addresses(text: str, url: str | None) -> None:
    """As people write them."""
    assert normalize_url(text) == url


@pytest.mark.parametrize(("answer", "error"), BAD_ANSWERS)
async def test_other_versions(
    hass: HomeAssistant, server: FakeServer, answer: dict[str, Any], error: str
) -> None:
    """A server that speaks another language is named as such."""
    server.server.update(answer)
    result = await go_on(hass, await begin(hass, SOURCE_USER), form(server))
    assert result["errors"] == {"base": error}


async def test_go2rtc_is_no_porthole(hass: HomeAssistant, server: FakeServer) -> None:
    """It has no cameras."""
    server.refusals["cameras"] = (404, "404 page not found\n")
    result = await go_on(hass, await begin(hass, SOURCE_USER), form(server))
    assert result["errors"] == {"base": "server_too_old"}


async def test_user_twice(
    hass: HomeAssistant, entry: MockConfigEntry, server: FakeServer
) -> None:
    """One entry a server."""
    result = await go_on(hass, await begin(hass, SOURCE_USER), form(server))
    assert (result["type"], result["reason"]) == (
        FlowResultType.ABORT,
        "already_configured",
    )


async def test_addon(hass: HomeAssistant, server: FakeServer) -> None:
    """One form."""
    result = await begin(hass, SOURCE_HASSIO, announced(server))
    assert result["step_id"] == "cameras"
    result = await go_on(hass, result, {"add_new": False})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Porthole"
    assert result["data"][CONF_URL] == server.url
    assert len(list(result["subentries"])) == 2


async def test_addon_again(
    hass: HomeAssistant, entry: MockConfigEntry, server: FakeServer
) -> None:
    """A new key, or port, is taken over."""
    result = await begin(
        hass, SOURCE_HASSIO, announced(server, password="new", host="10.0.0.1")
    )
    assert result["reason"] == "already_configured"
    assert entry.data[CONF_PASSWORD] == "new"
    assert URL(entry.data[CONF_URL]).host == "10.0.0.1"


async def test_addon_not_there(hass: HomeAssistant, server: FakeServer) -> None:
    """It will be announced again."""
    await server.stop()
    result = await begin(hass, SOURCE_HASSIO, announced(server))
    assert result["reason"] == "cannot_connect"


async def test_zeroconf(hass: HomeAssistant, server: FakeServer) -> None:
    """Found in the network; the user knows the password."""
    result = await begin(hass, SOURCE_ZEROCONF, seen(server, id=SERVER_ID))
    assert result["step_id"] == "zeroconf_confirm"
    result = await go_on(hass, result, {})
    assert result["errors"] == {"base": "invalid_auth"}
    result = await go_on(
        hass, result, {CONF_USERNAME: USERNAME, CONF_PASSWORD: PASSWORD}
    )
    assert result["step_id"] == "cameras"
    result = await go_on(hass, result, {"add_new": True})
    assert result["title"] == "nas"


async def test_zeroconf_again(
    hass: HomeAssistant, entry: MockConfigEntry, server: FakeServer
) -> None:
    """A new address is taken over."""
    result = await begin(
        hass, SOURCE_ZEROCONF, seen(server, id=SERVER_ID, https="1", path="/porthole")
    )
    assert result["reason"] == "already_configured"
    assert entry.data[CONF_URL] == server.url.replace("http", "https") + "/porthole"


async def test_zeroconf_of_something_else(
    hass: HomeAssistant, server: FakeServer
) -> None:
    """Without an id it is nothing."""
    result = await begin(hass, SOURCE_ZEROCONF, seen(server))
    assert result["reason"] == "not_porthole"


async def test_reauth(
    hass: HomeAssistant, entry: MockConfigEntry, server: FakeServer
) -> None:
    """The new password is tried before it is kept."""
    server.password = "new password"
    result = await entry.start_reauth_flow(hass)
    assert result["step_id"] == "reauth_confirm"
    login = {CONF_USERNAME: USERNAME, CONF_PASSWORD: "wrong"}
    result = await go_on(hass, result, login)
    assert result["errors"] == {"base": "invalid_auth"}
    result = await go_on(hass, result, {**login, CONF_PASSWORD: "new password"})
    assert result["reason"] == "reauth_successful"
    assert entry.data[CONF_PASSWORD] == "new password"
    await hass.async_block_till_done()


async def test_reauth_at_another_server(
    hass: HomeAssistant, entry: MockConfigEntry, server: FakeServer
) -> None:
    """Another server is not this one."""
    server.server["id"] = "another"
    result = await go_on(
        hass,
        await entry.start_reauth_flow(hass),
        {CONF_USERNAME: USERNAME, CONF_PASSWORD: PASSWORD},
    )
    assert result["reason"] == "another_server"


async def test_reconfigure(
    hass: HomeAssistant, entry: MockConfigEntry, server: FakeServer
) -> None:
    """The address is tried before it is kept."""
    result = await entry.start_reconfigure_flow(hass)
    assert result["step_id"] == "reconfigure"
    result = await go_on(hass, result, form(server, url="http://127.0.0.1:1"))
    assert result["errors"] == {"base": "cannot_connect"}
    result = await go_on(hass, result, form(server, verify_ssl=False))
    assert result["reason"] == "reconfigure_successful"
    assert entry.data[CONF_VERIFY_SSL] is False
    await hass.async_block_till_done()


async def test_reconfigure_to_another_server(
    hass: HomeAssistant, entry: MockConfigEntry, server: FakeServer
) -> None:
    """Another server is not this one."""
    server.server["id"] = "another"
    result = await go_on(hass, await entry.start_reconfigure_flow(hass), form(server))
    assert result["reason"] == "another_server"


async def test_options(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """Whether new cameras come by themselves; what was left out stays so."""
    result = await hass.config_entries.options.async_init(loaded.entry_id)
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {"add_new": False}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded.options["add_new"] is False
