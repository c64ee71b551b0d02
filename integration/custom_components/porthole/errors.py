"""What can go wrong between Home Assistant and the server."""

from .const import API_VERSION


class PortholeError(Exception):
    """The server could not do what was asked; the text says why."""


class PortholeConnectionError(PortholeError):
    """No answer: the server is not there, or it did not answer in time."""


class PortholeAuthError(PortholeError):
    """The user and password are not those of the server."""


class PortholeResponseError(PortholeError):
    """The server refused. `status` is that of HTTP, the text is the server's own."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the status."""
        super().__init__(message)
        self.status = status


class PortholeNotFoundError(PortholeResponseError):
    """The server has no such camera, or is no Porthole server at all."""


class PortholeVersionError(PortholeError):
    """The server speaks another version of the API. `api` is its version, 0 when it has none."""

    def __init__(self, api: int, version: str) -> None:
        """Keep what the server said."""
        super().__init__(
            f"the server speaks version {api} of the API, not {API_VERSION}"
        )
        self.api = api
        self.version = version

    @property
    def too_new(self) -> bool:
        """Whether the integration is the one to be updated."""
        return self.api > API_VERSION
