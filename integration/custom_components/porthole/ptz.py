"""Movements of a camera, as actions and the card ask for them."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import VolDictType
import probatio

_AXES: Final = ("pan", "tilt", "zoom")

#: Speeds, or the name of a place.
PTZ_FIELDS: Final[VolDictType] = {
    **{
        probatio.Optional(axis, default=0): probatio.All(
            probatio.Coerce(float), probatio.Range(min=-1, max=1)
        )
        for axis in _AXES
    },
    probatio.Optional("preset"): cv.string,
}
STILL: Final = dict.fromkeys(_AXES, 0)


def movement_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Make what the server takes: a preset, or else all speeds."""
    if preset := data.get("preset"):
        return {"preset": preset}
    return {axis: data[axis] for axis in _AXES}
