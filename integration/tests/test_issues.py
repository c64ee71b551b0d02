"""What is told to the user to mend, how it is mended, and that it goes away."""

from datetime import timedelta
from functools import partial
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util.dt import utcnow
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    async_mock_service,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.porthole.const import DOMAIN
from custom_components.porthole.issues import FAILING_S, is_newer
from custom_components.porthole.repairs import async_create_fix_flow

from .fake_server import FakeServer
from .helpers import eventually, state_of

ERROR = {"code": "unauthorized", "message": "wrong password", "since": 1}


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Allow the ping of a socket that is cut while it closes."""
    return True


def issues(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """Find our issues by kind."""
    return {
        issue.translation_key or "": issue
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN
    }


@pytest.mark.parametrize(
    ("members", "kind", "good"),
    [
        (
            {"webrtc": {"port": 8555, "reachable": False}},
            "webrtc_unreachable",
            {"webrtc": {"port": 8555}},
        ),
        (
            {
                "integration": {
                    "connected": True,
                    "installed": "0.1.0",
                    "bundled": "0.2.0",
                }
            },
            "integration_outdated",
            {"integration": {"connected": True, "installed": "0.1.0"}},
        ),
        (
            {"integration": {"installed": "0.2.0", "restart_required": True}},
            "restart_required",
            {"integration": {"installed": "0.2.0", "restart_required": False}},
        ),
    ],
)
async def test_of_the_server(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    server: FakeServer,
    members: dict[str, Any],
    kind: str,
    good: dict[str, Any],
) -> None:
    """Told when the server says so, taken back when it no longer does."""
    assert not issues(hass)
    await server.push_server(**members)
    await eventually(hass, lambda: list(issues(hass)) == [kind])
    await server.push_server(**good)
    await eventually(hass, lambda: not issues(hass))


async def test_a_server_that_is_updated_or_downgraded(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """It speaks another language after its restart; then it is put right."""
    for api, kind in ((2, "server_too_new"), (1, None), (0, "server_too_old")):
        await server.stop()
        server.server["api"] = api
        await server.start()
        expected = [kind] if kind else []
        await eventually(hass, partial(are_issues, hass, expected))
    await hass.config_entries.async_unload(loaded.entry_id)
    assert not issues(hass)


async def test_of_the_server_at_setup(
    hass: HomeAssistant, entry: MockConfigEntry, server: FakeServer
) -> None:
    """Told also when the entry cannot be set up for it; gone when it can."""
    server.server["api"] = 2
    await hass.config_entries.async_setup(entry.entry_id)
    assert list(issues(hass)) == ["server_too_new"]
    server.server["api"] = 1
    await hass.config_entries.async_reload(entry.entry_id)
    assert not issues(hass)


def are_issues(hass: HomeAssistant, kinds: list[str]) -> bool:
    """Say whether these are our issues."""
    return list(issues(hass)) == kinds


async def fail(hass: HomeAssistant, server: FakeServer) -> None:
    """Let the garden fail for long."""
    await server.push_camera("garden", status="failed", error=ERROR)
    await eventually(
        hass, lambda: state_of(hass, "sensor.garden_last_error").state != "none"
    )
    assert not issues(hass)
    async_fire_time_changed(hass, utcnow() + timedelta(seconds=FAILING_S + 1))
    await eventually(hass, lambda: "camera_failing" in issues(hass))


async def test_a_camera_that_fails(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """Not told at once; told with its reason, another one if it changes; taken back when it works."""
    await server.push_camera("garden", status="failed", error=ERROR)
    await server.push_camera("garden", status="live", error=None)
    await fail(hass, server)
    issue = issues(hass)["camera_failing"]
    assert issue.translation_placeholders == {
        "server": "Porthole",
        "name": "Garden",
        "reason": "wrong password",
    }
    error = {**ERROR, "message": "no route"}
    await server.push_camera("garden", status="failed", error=error)
    await server.push_camera("garden", status="connecting")
    await eventually(
        hass,
        lambda: (
            (issues(hass)["camera_failing"].translation_placeholders or {})["reason"]
            == "no route"
        ),
    )
    await server.push_camera("garden", status="live", error=None)
    await eventually(hass, lambda: not issues(hass))


async def test_a_failing_camera_that_is_removed(
    hass: HomeAssistant, loaded: MockConfigEntry, server: FakeServer
) -> None:
    """Its issue goes along."""
    await fail(hass, server)
    await server.push({"type": "removed", "id": "garden"})
    await eventually(hass, lambda: not issues(hass))


@pytest.mark.parametrize(
    ("choice", "asked"),
    [
        ("restart", ("POST", "cameras/restart", {"id": "garden"}, None)),
        ("disable", ("PUT", "cameras", {"id": "garden"}, {"enabled": False})),
    ],
)
async def test_mending_a_camera(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    server: FakeServer,
    hass_client: ClientSessionGenerator,
    choice: str,
    asked: tuple[str, str, dict[str, str], Any],
) -> None:
    """By what the user chooses; if that did not help, it is told again."""
    await fail(hass, server)
    flow = await begin(hass, hass_client, "camera_failing")
    assert flow.result["menu_options"] == ["restart", "disable"]
    await flow.submit(next_step_id=choice)
    assert flow.result["type"] == "create_entry"
    assert server.requests[-1] == asked
    await hass.async_block_till_done()
    assert not issues(hass)
    await server.push_camera("garden", status="failed", error=ERROR, viewers=9)
    await eventually(hass, lambda: state_of(hass, "sensor.garden_viewers").state == "9")
    async_fire_time_changed(hass, utcnow() + timedelta(seconds=FAILING_S + 1))
    await eventually(hass, lambda: "camera_failing" in issues(hass))


async def test_mending_that_fails(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    server: FakeServer,
    hass_client: ClientSessionGenerator,
) -> None:
    """The reason is said."""
    await fail(hass, server)
    server.refusals["cameras/restart"] = (409, "asleep")
    flow = await begin(hass, hass_client, "camera_failing")
    await flow.submit(next_step_id="restart")
    assert flow.result["reason"] == "request_failed"
    assert flow.result["description_placeholders"] == {"error": "asleep"}
    flow = await begin(hass, hass_client, "camera_failing")
    loaded.runtime_data.listen_cameras(lambda _: None)
    with_entry = await async_create_fix_flow(
        hass, "x", {"kind": "camera_failing", "entry_id": "gone", "camera": "garden"}
    )
    with_entry.hass = hass
    with_entry.handler = DOMAIN
    with_entry.flow_id = "x"
    result = await with_entry.async_step_restart()  # type: ignore[attr-defined]
    assert result["reason"] == "not_loaded"


async def test_restart(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    server: FakeServer,
    hass_client: ClientSessionGenerator,
) -> None:
    """Asks before."""
    restarts = async_mock_service(hass, "homeassistant", "restart")
    await server.push_server(
        integration={"installed": "0.2.0", "restart_required": True}
    )
    await eventually(hass, lambda: "restart_required" in issues(hass))
    flow = await begin(hass, hass_client, "restart_required")
    assert flow.result["step_id"] == "confirm"
    assert flow.result["description_placeholders"]["version"] == "0.2.0"
    assert not restarts
    await flow.submit()
    assert flow.result["type"] == "create_entry"
    assert len(restarts) == 1


async def test_other_issues_have_nothing_to_mend(hass: HomeAssistant) -> None:
    """A flow that only confirms."""
    assert type(await async_create_fix_flow(hass, "x", None)).__name__ == (
        "ConfirmRepairFlow"
    )


@pytest.mark.parametrize(
    ("version", "than", "newer"),
    [
        ("0.10.0", "0.9.9", True),
        ("0.1.0", "0.1.0", False),
        ("0.1.0", "1.0.0", False),
        ("nightly", "0.1.0", False),
    ],
)
def test_versions(version: str, than: str, newer: bool) -> None:
    """By numbers, not by letters."""
    assert is_newer(version, than) is newer


class Flow:
    """A fix flow as the frontend runs it."""

    def __init__(self, client: Any, result: dict[str, Any]) -> None:
        self._client = client
        self.result = result

    async def submit(self, **values: Any) -> None:
        """Submit a form."""
        path = f"/api/repairs/issues/fix/{self.result['flow_id']}"
        response = await self._client.post(path, json=values)
        self.result = await response.json()


async def begin(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, kind: str
) -> Flow:
    """Begin to mend."""
    assert await async_setup_component(hass, "repairs", {})
    client = await hass_client()
    response = await client.post(
        "/api/repairs/issues/fix",
        json={"handler": DOMAIN, "issue_id": issues(hass)[kind].issue_id},
    )
    return Flow(client, await response.json())
