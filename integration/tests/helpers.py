"""Waiting for what comes over a socket."""

import asyncio
from collections.abc import Callable

from homeassistant.core import HomeAssistant, State

LIMIT_S = 5
STEP_S = 0.005


async def eventually(hass: HomeAssistant, check: Callable[[], object]) -> None:
    """Wait until something is so; after a while say what is not."""
    async with asyncio.timeout(LIMIT_S):
        while not check():
            await asyncio.sleep(STEP_S)
            await hass.async_block_till_done()


def state_of(hass: HomeAssistant, entity_id: str) -> State:
    """Find the state of an entity that must be there."""
    state = hass.states.get(entity_id)
    assert state, entity_id
    return state
