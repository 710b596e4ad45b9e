"""Erasing what is known of a recipient: https://postmarkapp.com/developer/api/data-removal-api."""

from carom.wire.endpoint import Ask, Endpoint, Wire


class DataRemoval(Wire, frozen=True, kw_only=True):
    """A request to erase: Pending or Done."""

    id: int
    status: str


class RequestDataRemoval(Ask, frozen=True, kw_only=True):
    """Ask to erase. ``requested_by`` is a user of the account, ``requested_for`` the recipient."""

    requested_by: str
    requested_for: str
    notify_when_completed: bool


class GetDataRemoval(Ask, frozen=True, kw_only=True):
    """Ask how far it is."""

    data_removal_id: int


REQUEST_DATA_REMOVAL = Endpoint("POST", "/data-removals", RequestDataRemoval, DataRemoval, token="account")
GET_DATA_REMOVAL_STATUS = Endpoint(
    "GET", "/data-removals/{data_removal_id}", GetDataRemoval, DataRemoval, token="account"
)
