"""Tokens for the media of cameras: short-lived, one per camera and use, made when they are needed.

A token is used again until the second half of its life. They end with the server's process, so the coordinator drops them all when
the connection was lost.
"""

from dataclasses import dataclass
from time import time

from .client import PortholeClient
from .models import Token

#: Long enough that a recording goes on while it is renewed.
LIFE_S = 3600
VIEW = frozenset({"view"})
VIEW_AND_TALK = frozenset({"view", "talk"})


@dataclass(slots=True)
class _Kept:
    token: Token
    renew_at: float


class Tokens:
    """The tokens of one server."""

    def __init__(self, client: PortholeClient) -> None:
        """Begin without any."""
        self._client = client
        self._kept: dict[tuple[str, frozenset[str]], _Kept] = {}

    async def get(self, camera_id: str, allow: frozenset[str] = VIEW) -> str:
        """Return a token that is good for half of LIFE_S at least. Raises PortholeError."""
        key = (camera_id, allow)
        kept = self._kept.get(key)
        if kept is None or kept.renew_at <= time():
            token = await self._client.create_token(camera_id, sorted(allow), LIFE_S)
            kept = self._kept[key] = _Kept(token, time() + LIFE_S / 2)
        return kept.token.token

    def forget(self) -> None:
        """Drop them all: the server is another process now."""
        self._kept.clear()

    async def revoke(self) -> None:
        """Make all of them useless. Raises PortholeError."""
        kept = list(self._kept.values())
        self._kept.clear()
        for each in kept:
            await self._client.delete_token(each.token.id)


def allowance(talk: bool) -> frozenset[str]:
    """Say what a viewer's token allows."""
    return VIEW_AND_TALK if talk else VIEW
