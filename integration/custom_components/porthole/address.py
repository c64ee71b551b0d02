"""Addresses of servers."""

from typing import Final

from yarl import URL

DEFAULT_PORT: Final = 1984


def normalize_url(text: str) -> str | None:
    """Take an address as people write it; None when it is none."""
    text = text.strip()
    if "://" not in text:
        text = f"http://{text}"
    try:
        url = URL(text)
        if url.scheme not in ("http", "https") or not url.host:
            return None
        if url.explicit_port is None and url.scheme == "http":
            url = url.with_port(DEFAULT_PORT)
    except ValueError:
        return None
    # What a browser's address bar adds belongs to the page.
    plain = url.with_user(None).with_query(None).with_fragment(None)
    return str(plain).rstrip("/")
