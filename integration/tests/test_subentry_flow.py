"""Every path through the flow that adds a camera."""

from typing import Any

from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigFlowResult,
    SubentryFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import area_registry as ar
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from .fake_server import JPEG, FakeServer
from .helpers import eventually

LOGIN = {"username": "admin", "password": "camera"}
BROKEN = {"code": "unauthorized", "message": "wrong password"}


def found(**values: Any) -> dict[str, Any]:
    """Make a camera that a scan finds."""
    return {
        "kind": "onvif",
        "name": "Yard",
        "address": "192.168.1.30",
        "model": "X1",
        "sources": [{"source": "onvif://192.168.1.30"}],
        "credentials": True,
        **values,
    }


class Flow:
    """The flow, one step after the other."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        self._flows = hass.config_entries.subentries
        self._entry = entry
        self.result: SubentryFlowResult | ConfigFlowResult = {}  # type: ignore[assignment]

    async def begin(self, way: str) -> None:
        """Begin, and choose a way."""
        self.result = await self._flows.async_init(
            (self._entry.entry_id, "camera"), context={"source": SOURCE_USER}
        )
        assert self.result["type"] is FlowResultType.MENU
        await self.submit(next_step_id=way)

    async def submit(self, **values: Any) -> None:
        """Submit a form."""
        self.result = await self._flows.async_configure(self.result["flow_id"], values)

    @property
    def step(self) -> str:
        """The form that is shown, or what happened."""
        return self.result.get("step_id") or str(self.result["type"])

    @property
    def said(self) -> tuple[str, str]:
        """The error that is shown, and its reason."""
        placeholders = self.result.get("description_placeholders") or {}
        errors = self.result.get("errors") or {}
        return errors.get("base", ""), placeholders.get("error", "")


@pytest.fixture
def flow(hass: HomeAssistant, loaded: MockConfigEntry) -> Flow:
    """Make a flow."""
    return Flow(hass, loaded)


async def test_a_camera_of_the_server(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer, flow: Flow
) -> None:
    """One that was left out comes back."""
    subentry = next(
        each for each in loaded.subentries.values() if each.unique_id == "garden"
    )
    hass.config_entries.async_remove_subentry(loaded, subentry.subentry_id)
    await hass.async_block_till_done()
    await flow.begin("existing")
    await flow.submit(camera="garden")
    assert flow.result["type"] is FlowResultType.CREATE_ENTRY
    await eventually(hass, lambda: hass.states.get("camera.garden"))
    assert loaded.options["ignored"] == []


async def test_by_address(
    hass: HomeAssistant,
    server: FakeServer,
    flow: Flow,
    hass_client: ClientSessionGenerator,
) -> None:
    """Errors are shown; the picture of the probe is; the camera is the server's."""
    kitchen = ar.async_get(hass).async_create("Kitchen")
    address = "rtsp://192.168.1.20/main"
    await flow.begin("address")
    server.probes[address] = {"source": address, "error": BROKEN}
    await flow.submit(source=address)
    assert flow.said == ("probe_failed", "wrong password")
    server.refusals["probe"] = (400, "what?")
    await flow.submit(source=address)
    assert flow.said == ("probe_failed", "what?")
    del server.refusals["probe"]
    del server.probes[address]
    await flow.submit(source=f" {address} ", sub_source="rtsp://sub", **LOGIN)
    assert flow.step == "confirm"
    placeholders = flow.result["description_placeholders"] or {}
    assert placeholders["tracks"] == "H264 1920×1080 · AAC · 🎤"
    path = placeholders["picture"].removeprefix("![](").removesuffix(")")
    client = await hass_client()
    response = await client.get(path)
    assert await response.read() == JPEG
    assert (await client.get(path.partition("?")[0] + "x")).status == 404
    server.refusals["cameras"] = (507, "disk full")
    await flow.submit(name="Stove", area=kitchen.id, doorbell=False)
    assert flow.said == ("request_failed", "disk full")
    del server.refusals["cameras"]
    await flow.submit(name="Stove", area=kitchen.id, doorbell=False)
    assert flow.result["type"] is FlowResultType.CREATE_ENTRY
    assert server.asked("PUT", "cameras")[-1] == (
        {"id": "stove"},
        {
            "name": "Stove",
            "area": "Kitchen",
            "doorbell": False,
            "sources": [address],
            "sub_sources": ["rtsp://sub"],
        },
    )
    assert server.asked("POST", "probe")[-1][1]["username"] == "admin"
    await eventually(hass, lambda: hass.states.get("camera.kitchen_stove"))


async def test_a_name_that_is_taken(
    hass: HomeAssistant, server: FakeServer, flow: Flow
) -> None:
    """The id gets a number; a picture that is none is not shown, a sub stream that fails is left out."""
    server.probes["rtsp://a"] = {
        "source": "rtsp://a",
        "tracks": [],
        "snapshot": "data:image/jpeg;base64,§",
    }
    server.probes["rtsp://b"] = {"source": "rtsp://b", "error": BROKEN}
    await flow.begin("address")
    await flow.submit(source="rtsp://a", sub_source="rtsp://b")
    assert (flow.result["description_placeholders"] or {})["picture"] == ""
    await flow.submit(name="Garden", doorbell=True)
    ((query, body),) = server.asked("PUT", "cameras")
    assert query == {"id": "garden_2"}
    assert "sub_sources" not in body


async def test_scan_onvif(hass: HomeAssistant, server: FakeServer, flow: Flow) -> None:
    """Search, choose, sign in, choose a lens."""
    await flow.begin("scan")
    await flow.submit(kind="onvif")
    assert flow.said == ("nothing_found", "")
    server.refusals["scan"] = (500, "no network")
    await flow.submit(kind="onvif")
    assert flow.step == "abort"
    server.refusals.clear()
    server.found = [
        found(camera="garden"),
        found(sources=[], hint="Pair it first."),
        found(),
    ]
    await flow.begin("scan")
    await flow.submit(kind="onvif")
    assert flow.step == "found"
    await flow.submit(camera="0")
    assert flow.said == ("camera_known", "")
    await flow.submit(camera="1")
    assert flow.said == ("camera_not_usable", "Pair it first.")
    await flow.submit(camera="2")
    assert flow.step == "login"
    server.lenses = {"found": [], "error": BROKEN}
    await flow.submit(**LOGIN)
    assert flow.said == ("request_failed", "wrong password")
    server.refusals["scan"] = (500, "no network")
    await flow.submit(**LOGIN)
    assert flow.said == ("request_failed", "no network")
    server.refusals.clear()
    lens = found(
        name="Left",
        sources=[
            {"source": "onvif://sub", "role": "sub"},
            {"source": "onvif://main", "role": "main"},
        ],
        credentials=False,
    )
    server.lenses = {"found": [lens, {**lens, "name": "Right"}]}
    server.probes["onvif://main"] = {"source": "onvif://main", "error": BROKEN}
    await flow.submit(**LOGIN)
    assert flow.step == "lens"
    await flow.submit(lens="0")
    assert flow.said == ("probe_failed", "wrong password")
    server.probes.clear()
    await flow.submit(lens="1")
    assert flow.step == "confirm"
    await flow.submit(name="Right", doorbell=False)
    ((query, body),) = server.asked("PUT", "cameras")
    assert query == {"id": "right"}
    assert body["sources"] == ["onvif://main"]
    assert body["sub_sources"] == ["onvif://sub"]


async def test_scan_of_one_lens(
    hass: HomeAssistant, server: FakeServer, flow: Flow
) -> None:
    """Nothing is asked that has one answer."""
    server.found = [found()]
    server.lenses = {"found": [found(sources=[{"source": "onvif://only"}])]}
    server.probes["onvif://only"] = {"source": "onvif://only", "error": BROKEN}
    await flow.begin("scan")
    await flow.submit(kind="onvif")
    await flow.submit(camera="0")
    await flow.submit(**LOGIN)
    assert flow.said == ("probe_failed", "wrong password")
    server.probes.clear()
    await flow.submit(**LOGIN)
    assert flow.step == "confirm"


async def test_scan_of_other_kinds(
    hass: HomeAssistant, server: FakeServer, flow: Flow
) -> None:
    """Some need no password, some take it with the source."""
    server.kinds.append({"kind": "usb", "title": "USB"})
    usb = "v4l2:/dev/video0"
    server.found = [
        found(kind="usb", sources=[{"source": usb}], credentials=False),
        found(kind="dvrip", sources=[{"source": "dvrip://1"}]),
    ]
    server.probes[usb] = {"source": usb, "error": BROKEN}
    await flow.begin("scan")
    await flow.submit(kind="usb")
    await flow.submit(camera="0")
    assert flow.said == ("probe_failed", "wrong password")
    server.probes.clear()
    await flow.submit(camera="0")
    assert flow.step == "confirm"
    await flow.begin("scan")
    await flow.submit(kind="usb")
    await flow.submit(camera="1")
    server.probes["dvrip://1"] = {"source": "dvrip://1", "tracks": []}
    await flow.submit(**LOGIN)
    assert flow.step == "confirm"
    assert server.asked("POST", "probe")[-1][1] == {"source": "dvrip://1", **LOGIN}


async def test_scan_that_fails(
    hass: HomeAssistant, server: FakeServer, flow: Flow
) -> None:
    """The flow ends where the server says no to the first question, and says why."""
    server.refusals["scan"] = (403, "not allowed")
    await flow.begin("scan")
    assert (flow.step, flow.result["reason"]) == ("abort", "request_failed")


async def test_without_the_server(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer, flow: Flow
) -> None:
    """There is nothing to add."""
    await hass.config_entries.async_unload(loaded.entry_id)
    result = await hass.config_entries.subentries.async_init(
        (loaded.entry_id, "camera"), context={"source": SOURCE_USER}
    )
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_loaded")


async def test_reconfigure(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer, flow: Flow
) -> None:
    """Name, kind, address."""
    subentry = next(
        each for each in loaded.subentries.values() if each.unique_id == "garden"
    )
    flow.result = await loaded.start_subentry_reconfigure_flow(
        hass, subentry.subentry_id
    )
    assert flow.step == "reconfigure"
    server.probes["rtsp://new"] = {"source": "rtsp://new", "error": BROKEN}
    await flow.submit(name="Lawn", doorbell=True, source="rtsp://new")
    assert flow.said == ("probe_failed", "wrong password")
    server.probes.clear()
    server.refusals["cameras"] = (507, "disk full")
    await flow.submit(name="Lawn", doorbell=True, source="rtsp://new")
    assert flow.said == ("request_failed", "disk full")
    server.refusals.clear()
    await flow.submit(name="Lawn", doorbell=True, source="rtsp://new")
    assert flow.result["reason"] == "reconfigure_successful"
    assert server.asked("PUT", "cameras")[-1][1] == {
        "name": "Lawn",
        "doorbell": True,
        "sources": ["rtsp://new"],
    }
    await eventually(hass, lambda: hass.states.get("event.lawn_doorbell"))
    assert loaded.subentries[subentry.subentry_id].title == "Lawn"


async def test_reconfigure_what_is_gone(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """Said, not done."""
    subentry = next(
        each for each in loaded.subentries.values() if each.unique_id == "garden"
    )
    coordinator = loaded.runtime_data
    cameras = coordinator.cameras
    del cameras["garden"]
    object.__setattr__(coordinator.state, "cameras", cameras)
    result = await loaded.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    assert result["reason"] == "camera_gone"
