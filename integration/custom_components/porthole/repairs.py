"""Ways to mend what issues.py tells of."""

from collections.abc import Awaitable, Callable, Mapping

from homeassistant.components.homeassistant import (
    DOMAIN as HOMEASSISTANT_DOMAIN,
    SERVICE_HOMEASSISTANT_RESTART,
)
from homeassistant.components.repairs import (
    ConfirmRepairFlow,
    RepairsFlow,
    RepairsFlowResult,
)
from homeassistant.core import HomeAssistant
import probatio

from .access import loaded_entry
from .coordinator import PortholeCoordinator
from .errors import PortholeError
from .issues import ISSUE_FAILING, ISSUE_RESTART

type IssueData = Mapping[str, str | int | float | None]


async def async_create_fix_flow(
    hass: HomeAssistant,
    issue_id: str,
    data: dict[str, str | int | float | None] | None,
) -> RepairsFlow:
    """Make the flow of an issue."""
    data = data or {}
    if data.get("kind") == ISSUE_RESTART:
        return RestartFlow(data)
    if data.get("kind") == ISSUE_FAILING:
        return FailingCameraFlow(data)
    return ConfirmRepairFlow()


def _placeholders(data: IssueData) -> dict[str, str]:
    return {key: str(value) for key, value in data.items() if value is not None}


class RestartFlow(RepairsFlow):
    """Restarts Home Assistant."""

    def __init__(self, data: IssueData) -> None:
        """Keep what the texts name."""
        self._texts = _placeholders(data)

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask, and restart."""
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=probatio.Schema({}),
                description_placeholders=self._texts,
            )
        await self.hass.services.async_call(
            HOMEASSISTANT_DOMAIN, SERVICE_HOMEASSISTANT_RESTART
        )
        return self.async_create_entry(title="", data={})


class FailingCameraFlow(RepairsFlow):
    """Restarts a camera, or switches it off."""

    def __init__(self, data: IssueData) -> None:
        """Keep which camera it is."""
        self._texts = _placeholders(data)

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Offer both."""
        return self.async_show_menu(
            menu_options=["restart", "disable"], description_placeholders=self._texts
        )

    async def async_step_restart(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Open the camera anew."""
        return await self._mend(
            lambda coordinator, camera_id: coordinator.client.restart_camera(camera_id)
        )

    async def async_step_disable(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Switch the camera off."""
        return await self._mend(
            lambda coordinator, camera_id: coordinator.change_camera(
                camera_id, {"enabled": False}
            )
        )

    async def _mend(
        self, mend: Callable[[PortholeCoordinator, str], Awaitable[object]]
    ) -> RepairsFlowResult:
        entry = loaded_entry(self.hass, self._texts["entry_id"])
        if entry is None:
            return self.async_abort(reason="not_loaded")
        try:
            await mend(entry.runtime_data, self._texts["camera"])
        except PortholeError as error:
            return self.async_abort(
                reason="request_failed", description_placeholders={"error": str(error)}
            )
        return self.async_create_entry(title="", data={})
