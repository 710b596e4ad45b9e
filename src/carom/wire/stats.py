"""Statistics of sent mail: https://postmarkapp.com/developer/api/stats-api."""

from msgspec import UNSET, UnsetType, field

from carom.wire.endpoint import Ask, Endpoint, Wire

STATS = {
    "sends": (),
    "bounces": (),
    "spam": (),
    "tracked": (),
    "opens": ("platforms", "emailclients", "readtimes"),
    "clicks": ("platforms", "browserfamilies", "location"),
}
"""What is counted, and by what it can be split."""


class StatsTotals(Wire, frozen=True, kw_only=True):
    """All counts together. Rates are percentages."""

    sent: int
    bounced: int
    smtp_api_errors: int = field(name="SMTPApiErrors")
    bounce_rate: float
    spam_complaints: int
    spam_complaints_rate: float
    opens: int
    unique_opens: int
    tracked: int
    with_link_tracking: int
    with_open_tracking: int
    total_tracked_links_sent: int
    unique_links_clicked: int
    total_clicks: int
    with_client_recorded: int
    with_platform_recorded: int
    with_read_time_recorded: int


class GetStats(Ask, frozen=True, kw_only=True):
    """Ask for counts. Days are US Eastern and inclusive; without a stream all are counted."""

    tag: str | UnsetType = field(default=UNSET, name="tag")
    fromdate: str | UnsetType = field(default=UNSET, name="fromdate")
    todate: str | UnsetType = field(default=UNSET, name="todate")
    message_stream: str | UnsetType = field(default=UNSET, name="messagestream")


# The keys of these are data (names of programs), so that they are read as plain JSON.
Counts = dict[str, object]

GET_STATS_TOTALS = Endpoint("GET", "/stats/outbound", GetStats, StatsTotals)
GET_SENDS = Endpoint("GET", "/stats/outbound/sends", GetStats, Counts)
GET_BOUNCE_COUNTS = Endpoint("GET", "/stats/outbound/bounces", GetStats, Counts)
GET_SPAM_COUNTS = Endpoint("GET", "/stats/outbound/spam", GetStats, Counts)
GET_TRACKED_COUNTS = Endpoint("GET", "/stats/outbound/tracked", GetStats, Counts)
GET_OPEN_COUNTS = Endpoint("GET", "/stats/outbound/opens", GetStats, Counts)
GET_OPEN_PLATFORMS = Endpoint("GET", "/stats/outbound/opens/platforms", GetStats, Counts)
GET_OPEN_EMAILCLIENTS = Endpoint("GET", "/stats/outbound/opens/emailclients", GetStats, Counts)
GET_OPEN_READTIMES = Endpoint("GET", "/stats/outbound/opens/readtimes", GetStats, Counts)
GET_CLICK_COUNTS = Endpoint("GET", "/stats/outbound/clicks", GetStats, Counts)
GET_CLICK_BROWSERFAMILIES = Endpoint("GET", "/stats/outbound/clicks/browserfamilies", GetStats, Counts)
GET_CLICK_PLATFORMS = Endpoint("GET", "/stats/outbound/clicks/platforms", GetStats, Counts)
GET_CLICK_LOCATIONS = Endpoint("GET", "/stats/outbound/clicks/location", GetStats, Counts)
