"""The card is served, loaded by dashboards in its own version, and taken away."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL
from homeassistant.components.lovelace.const import LOVELACE_DATA
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.porthole import card

from .fake_server import FakeServer


@pytest.fixture
def built(tmp_path: Path) -> Iterator[Path]:
    """Build a card."""
    (tmp_path / card.FILE).write_text("customElements")
    with patch.object(card, "FOLDER", tmp_path):
        yield tmp_path


async def set_up(
    hass: HomeAssistant, entry: MockConfigEntry, mode: str
) -> list[dict[str, Any]]:
    """Set lovelace up in a mode, then the entry. Returns the resources."""
    config = {"lovelace": {"resource_mode": mode}}
    assert await async_setup_component(hass, "frontend", config)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    resources: list[dict[str, Any]] = hass.data[LOVELACE_DATA].resources.async_items()
    return resources


async def test_in_storage(
    hass: HomeAssistant,
    built: Path,
    entry: MockConfigEntry,
    server: FakeServer,
    hass_client_no_auth: ClientSessionGenerator,
    hass_storage: dict[str, Any],
) -> None:
    """One resource, of this version, whatever there was; none after the last entry."""
    hass_storage["lovelace_resources"] = {
        "version": 1,
        "data": {
            "items": [
                {"id": "1", "type": "module", "url": "/local/other.js"},
                {"id": "2", "type": "module", "url": f"{card.PATH}?v=0.0.1-00000000"},
                {"id": "3", "type": "module", "url": card.PATH},
            ]
        },
    }
    await set_up(hass, entry, "storage")
    resources = hass.data[LOVELACE_DATA].resources
    other, ours = resources.async_items()
    assert other["url"] == "/local/other.js"
    assert ours["url"].startswith(f"{card.PATH}?v=0.1.0-")
    client = await hass_client_no_auth()
    assert await (await client.get(ours["url"])).text() == "customElements"
    await hass.config_entries.async_remove(entry.entry_id)
    assert [item["id"] for item in resources.async_items()] == ["1"]


async def test_first_time(
    hass: HomeAssistant, built: Path, entry: MockConfigEntry, server: FakeServer
) -> None:
    """The resource is made."""
    (ours,) = await set_up(hass, entry, "storage")
    assert ours["type"] == "module"


async def test_in_yaml(
    hass: HomeAssistant, built: Path, entry: MockConfigEntry, server: FakeServer
) -> None:
    """An extra module of the frontend."""
    await set_up(hass, entry, "yaml")
    assert any(card.PATH in url for url in hass.data[DATA_EXTRA_MODULE_URL].urls)
    await hass.config_entries.async_remove(entry.entry_id)
    assert not any(card.PATH in url for url in hass.data[DATA_EXTRA_MODULE_URL].urls)


async def test_not_built(
    hass: HomeAssistant,
    tmp_path: Path,
    entry: MockConfigEntry,
    server: FakeServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Said once; everything else works."""
    with patch.object(card, "FOLDER", tmp_path):
        assert await set_up(hass, entry, "storage") == []
    assert "was not built" in caplog.text
    await hass.config_entries.async_remove(entry.entry_id)
