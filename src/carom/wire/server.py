"""The server that a token belongs to: https://postmarkapp.com/developer/api/server-api."""

from msgspec import UNSET, UnsetType, field

from carom.wire.endpoint import Ask, Endpoint, Wire


class Server(Wire, frozen=True, kw_only=True):
    """A server: its name, its tokens, where its inbound mail goes, what it tracks. Unset hooks are empty strings."""

    id: int
    name: str
    api_tokens: list[str]
    color: str
    smtp_api_activated: bool
    raw_email_enabled: bool
    delivery_type: str
    server_link: str
    inbound_address: str
    inbound_hook_url: str
    bounce_hook_url: str
    open_hook_url: str
    delivery_hook_url: str
    post_first_open_only: bool
    inbound_domain: str
    inbound_hash: str
    inbound_spam_threshold: int
    track_opens: bool
    track_links: str
    include_bounce_content_in_hook: bool
    click_hook_url: str
    enable_smtp_api_error_hooks: bool


class GetServer(Ask, frozen=True, kw_only=True):
    """Ask for the token's own server."""


GET_SERVER = Endpoint("GET", "/server", GetServer, Server)


class UpdateServer(Ask, frozen=True, kw_only=True):
    """Change a server; what is not given stays."""

    name: str | UnsetType = UNSET
    color: str | UnsetType = UNSET
    smtp_api_activated: bool | UnsetType = field(default=UNSET, name="SmtpApiActivated")
    raw_email_enabled: bool | UnsetType = UNSET
    inbound_hook_url: str | UnsetType = UNSET
    bounce_hook_url: str | UnsetType = UNSET
    open_hook_url: str | UnsetType = UNSET
    delivery_hook_url: str | UnsetType = UNSET
    click_hook_url: str | UnsetType = UNSET
    post_first_open_only: bool | UnsetType = UNSET
    inbound_domain: str | UnsetType = UNSET
    inbound_spam_threshold: int | UnsetType = UNSET
    track_opens: bool | UnsetType = UNSET
    track_links: str | UnsetType = UNSET
    include_bounce_content_in_hook: bool | UnsetType = UNSET
    enable_smtp_api_error_hooks: bool | UnsetType = UNSET


UPDATE_SERVER = Endpoint("PUT", "/server", UpdateServer, Server)
