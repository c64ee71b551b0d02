"""Tests of the integration against a server that speaks docs/api.md.

The newest plugin for tests of custom components is made for core 2026.10, from which core 2026.11 differs in one name that it imports.
Its patches come before any component of core.
"""

import homeassistant  # noqa: F401, I001
from pytest_homeassistant_custom_component import (  # noqa: F401
    patch_json,
    patch_recorder,
    patch_time,
)

from homeassistant.components import logger
from homeassistant.components.logger import helpers

_MOVED = "_clear_logger_overwrites"
if not hasattr(logger, _MOVED):
    setattr(logger, _MOVED, getattr(helpers, _MOVED))
