"""What forms of the flows are made of."""

from typing import Any, Final

from homeassistant.const import CONF_NAME, CONF_PASSWORD, CONF_USERNAME
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

CONF_AREA: Final = "area"
CONF_DOORBELL: Final = "doorbell"
CONF_SOURCE: Final = "source"
CONF_SUB_SOURCE: Final = "sub_source"

type Fields = dict[probatio.Marker, Any]

#: User and password of the server, which a browser may know.
SERVER_LOGIN: Final[Fields] = {
    probatio.Optional(CONF_USERNAME): TextSelector(
        TextSelectorConfig(autocomplete="username")
    ),
    probatio.Optional(CONF_PASSWORD): TextSelector(
        TextSelectorConfig(
            type=TextSelectorType.PASSWORD, autocomplete="current-password"
        )
    ),
}
#: Those of a camera, for which a browser must not offer the server's.
CAMERA_LOGIN: Final[Fields] = {
    probatio.Optional(CONF_USERNAME): TextSelector(),
    probatio.Optional(CONF_PASSWORD): TextSelector(
        TextSelectorConfig(type=TextSelectorType.PASSWORD)
    ),
}
_NAME: Final[Fields] = {probatio.Required(CONF_NAME): TextSelector()}
_DOORBELL: Final[Fields] = {
    probatio.Required(CONF_DOORBELL, default=False): BooleanSelector()
}

ADDRESS_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_SOURCE): TextSelector(),
        probatio.Optional(CONF_SUB_SOURCE): TextSelector(),
        **CAMERA_LOGIN,
    }
)
CONFIRM_SCHEMA: Final = probatio.Schema(
    {**_NAME, probatio.Optional(CONF_AREA): AreaSelector(), **_DOORBELL}
)
RECONFIGURE_SCHEMA: Final = probatio.Schema(
    {
        **_NAME,
        **_DOORBELL,
        probatio.Optional(CONF_SOURCE): TextSelector(),
        **CAMERA_LOGIN,
    }
)


def choice(options: dict[str, str], *, multiple: bool = False) -> SelectSelector:
    """Let the user choose among texts, which are named by their keys."""
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=value, label=label)
                for value, label in options.items()
            ],
            multiple=multiple,
            mode=SelectSelectorMode.LIST,
        )
    )
