"""Serves the card and makes dashboards load it.

Where dashboards are kept in storage the card is a resource of theirs, so that it can be seen and is there for every dashboard; where
they are kept in YAML it is an extra module of the frontend. The address ends in the version and the beginning of the file's hash:
browsers keep the file for good, and take a new one when there is one.
"""

from hashlib import sha256
import logging
from pathlib import Path
from typing import Final

from homeassistant.components.frontend import (
    DATA_EXTRA_MODULE_URL,
    add_extra_js_url,
    remove_extra_js_url,
)
from homeassistant.components.http import StaticPathConfig
from homeassistant.components.lovelace.const import (
    CONF_RESOURCE_TYPE_WS,
    LOVELACE_DATA,
)
from homeassistant.components.lovelace.resources import ResourceStorageCollection
from homeassistant.const import CONF_ID, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

_LOGGER = logging.getLogger(__name__)

FOLDER: Final = Path(__file__).parent / "frontend"
FILE: Final = "porthole-card.js"
PATH: Final = f"/{DOMAIN}/{FILE}"
#: The address of the card with version and hash, where there is a card.
_ADDRESS: HassKey[str] = HassKey(f"{DOMAIN}_card")
_HASH_LENGTH = 8


async def async_serve_card(hass: HomeAssistant) -> None:
    """Serve the folder of the card."""
    try:
        content = await hass.async_add_executor_job((FOLDER / FILE).read_bytes)
    except FileNotFoundError:
        _LOGGER.warning("The card is not there: %s was not built", FOLDER / FILE)
        return
    version = (await async_get_integration(hass, DOMAIN)).version
    await hass.http.async_register_static_paths(
        [StaticPathConfig(f"/{DOMAIN}", str(FOLDER), cache_headers=True)]
    )
    digest = sha256(content).hexdigest()[:_HASH_LENGTH]
    hass.data[_ADDRESS] = f"{PATH}?v={version}-{digest}"


async def async_register_card(hass: HomeAssistant) -> None:
    """Make dashboards load the card, in this version."""
    if (address := hass.data.get(_ADDRESS)) is None:
        return
    if (resources := _stored_resources(hass)) is None:
        if DATA_EXTRA_MODULE_URL in hass.data:
            add_extra_js_url(hass, address)
        return
    # Loads them from the disk, when nobody has looked at a dashboard yet.
    await resources.async_get_info()
    ours = _ours(resources)
    if not ours:
        await resources.async_create_item(
            {CONF_RESOURCE_TYPE_WS: "module", CONF_URL: address}
        )
        return
    first, *others = ours
    if first[CONF_URL] != address:
        await resources.async_update_item(first[CONF_ID], {CONF_URL: address})
    for other in others:
        await resources.async_delete_item(other[CONF_ID])


async def async_unregister_card(hass: HomeAssistant) -> None:
    """Make dashboards forget the card."""
    if (resources := _stored_resources(hass)) is not None:
        await resources.async_get_info()
        for resource in _ours(resources):
            await resources.async_delete_item(resource[CONF_ID])
    elif (address := hass.data.get(_ADDRESS)) and DATA_EXTRA_MODULE_URL in hass.data:
        remove_extra_js_url(hass, address)


def _stored_resources(hass: HomeAssistant) -> ResourceStorageCollection | None:
    lovelace = hass.data.get(LOVELACE_DATA)
    resources = lovelace.resources if lovelace else None
    return resources if isinstance(resources, ResourceStorageCollection) else None


def _ours(resources: ResourceStorageCollection) -> list[dict[str, str]]:
    return [
        resource
        for resource in resources.async_items()
        if resource[CONF_URL].partition("?")[0] == PATH
    ]
