"""The domains of an account, and what DNS says about them: https://postmarkapp.com/developer/api/domains-api."""

from msgspec import UNSET, UnsetType, field

from carom.wire.acks import Ack
from carom.wire.endpoint import Ask, Endpoint, RowId, Wire


class DomainSummary(Wire, frozen=True, kw_only=True):
    """A domain, as lists give it."""

    id: int
    name: str
    spf_verified: bool
    dkim_verified: bool
    weak_dkim: bool
    return_path_domain_verified: bool


class DkimRecords(Wire, frozen=True, kw_only=True):
    """The DKIM keys of a domain as DNS should hold them. Unset texts are empty; ``dkim_update_status`` is Pending or
    Verified."""

    dkim_verified: bool
    weak_dkim: bool
    dkim_host: str
    dkim_text_value: str
    dkim_pending_host: str
    dkim_pending_text_value: str
    dkim_revoked_host: str
    dkim_revoked_text_value: str
    safe_to_remove_revoked_key_from_dns: bool
    dkim_update_status: str


class DomainSpf(Wire, frozen=True, kw_only=True):
    """What DNS says about SPF."""

    spf_host: str
    spf_verified: bool
    spf_text_value: str


class DomainRecords(DkimRecords, frozen=True, kw_only=True):
    """All that DNS should hold for a domain: a domain and a sender signature both say it."""

    spf_verified: bool
    spf_host: str
    spf_text_value: str
    return_path_domain: str
    return_path_domain_verified: bool
    return_path_domain_cname_value: str


class Domain(DomainRecords, frozen=True, kw_only=True):
    """A domain with the records that DNS should hold. Unset texts are empty."""

    id: int
    name: str
    custom_tracking_domain: str | None = None
    custom_tracking_domain_cname_value: str | None = None
    custom_tracking_verified: bool | None = None


class DomainKey(DkimRecords, frozen=True, kw_only=True):
    """The answer to a new key: a domain without what is not about DKIM."""

    id: int
    name: str


class DomainPage(Wire, frozen=True, kw_only=True):
    """A page of domains."""

    total_count: int
    domains: list[DomainSummary]


class GetDomains(Ask, frozen=True, kw_only=True):
    """Ask for domains."""

    count: int | UnsetType = field(default=UNSET, name="count")
    offset: int | UnsetType = field(default=UNSET, name="offset")


class OneDomain(Ask, frozen=True, kw_only=True):
    """Ask about one domain."""

    domain_id: RowId


class CreateDomain(Ask, frozen=True, kw_only=True):
    """Add a domain."""

    name: str | UnsetType = UNSET
    return_path_domain: str | UnsetType = UNSET


class UpdateDomain(Ask, frozen=True, kw_only=True):
    """Change a domain; an empty text unsets."""

    domain_id: RowId
    return_path_domain: str | UnsetType = UNSET
    custom_tracking_domain: str | UnsetType = UNSET


_BAD_LIST: dict[str, int] = dict.fromkeys(("count", "offset"), 500)
_BAD_FIELDS: dict[str, int] = dict.fromkeys(("Name", "ReturnPathDomain", "CustomTrackingDomain"), 511)
_NO_DOMAIN = {"DomainID": 510}

GET_DOMAINS = Endpoint("GET", "/domains", GetDomains, DomainPage, token="account", field_codes=_BAD_LIST)
CREATE_DOMAIN = Endpoint("POST", "/domains", CreateDomain, Domain, token="account", field_codes=_BAD_FIELDS)
GET_DOMAIN = Endpoint("GET", "/domains/{domain_id}", OneDomain, Domain, token="account", field_codes=_NO_DOMAIN)
UPDATE_DOMAIN = Endpoint(
    "PUT", "/domains/{domain_id}", UpdateDomain, Domain, token="account", field_codes=_BAD_FIELDS | _NO_DOMAIN
)
DELETE_DOMAIN = Endpoint("DELETE", "/domains/{domain_id}", OneDomain, Ack, token="account", field_codes=_NO_DOMAIN)
VERIFY_DOMAIN_DKIM = Endpoint(
    "PUT",
    "/domains/{domain_id}/verifyDkim",
    OneDomain,
    Domain,
    token="account",
    empty_body=True,
    field_codes=_NO_DOMAIN,
)
VERIFY_DOMAIN_RETURN_PATH = Endpoint(
    "PUT",
    "/domains/{domain_id}/verifyReturnPath",
    OneDomain,
    Domain,
    token="account",
    empty_body=True,
    field_codes=_NO_DOMAIN,
)
VERIFY_DOMAIN_SPF = Endpoint(
    "POST",
    "/domains/{domain_id}/verifyspf",
    OneDomain,
    DomainSpf,
    token="account",
    empty_body=True,
    field_codes=_NO_DOMAIN,
)
ROTATE_DOMAIN_DKIM = Endpoint(
    "POST",
    "/domains/{domain_id}/rotatedkim",
    OneDomain,
    DomainKey,
    token="account",
    empty_body=True,
    field_codes=_NO_DOMAIN,
)
VERIFY_DOMAIN_CUSTOM_TRACKING = Endpoint(
    "PUT",
    "/domains/{domain_id}/verifyCustomTracking",
    OneDomain,
    Domain,
    token="account",
    empty_body=True,
    field_codes=_NO_DOMAIN,
)
