"""Erasing what is known of a recipient: https://postmarkapp.com/developer/api/data-removal-api."""

from msgspec import UNSET, UnsetType

from carom.wire.endpoint import Ask, Endpoint, RowId, Wire


class DataRemoval(Wire, frozen=True, kw_only=True):
    """A request to erase: Pending or Done."""

    id: int
    status: str


class RequestDataRemoval(Ask, frozen=True, kw_only=True):
    """Ask to erase. ``requested_by`` is a user of the account, ``requested_for`` the recipient."""

    requested_by: str | UnsetType = UNSET
    requested_for: str | UnsetType = UNSET
    notify_when_completed: bool | UnsetType = UNSET


class GetDataRemoval(Ask, frozen=True, kw_only=True):
    """Ask how far it is."""

    data_removal_id: RowId


_BAD_FIELDS: dict[str, int] = dict.fromkeys(("RequestedBy", "RequestedFor", "NotifyWhenCompleted"), 1300)
_NO_REMOVAL = {"DataRemovalID": 1301}


REQUEST_DATA_REMOVAL = Endpoint(
    "POST", "/data-removals", RequestDataRemoval, DataRemoval, token="account", field_codes=_BAD_FIELDS
)
GET_DATA_REMOVAL_STATUS = Endpoint(
    "GET",
    "/data-removals/{data_removal_id}",
    GetDataRemoval,
    DataRemoval,
    token="account",
    field_codes=_NO_REMOVAL,
)
