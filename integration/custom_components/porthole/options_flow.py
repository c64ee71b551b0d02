"""What of a server can be changed afterwards, without connecting anew."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.helpers.selector import BooleanSelector
import probatio

from .const import CONF_ADD_NEW


class PortholeOptionsFlow(OptionsFlow):
    """Whether new cameras of the server come by themselves."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask."""
        options = self.config_entry.options
        if user_input is not None:
            return self.async_create_entry(data={**options, **user_input})
        return self.async_show_form(
            step_id="init",
            data_schema=probatio.Schema(
                {
                    probatio.Required(
                        CONF_ADD_NEW, default=options.get(CONF_ADD_NEW, True)
                    ): BooleanSelector()
                }
            ),
        )
