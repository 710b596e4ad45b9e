"""What each call may be refused with, beside what its fields and its token can be wrong in: the OpenAPI document and the
contract tests read it.

The codes are rows of :data:`carom.wire.errors.ERRORS`. Source of Postmark's: the pages that the modules of the calls name.
"""

from collections.abc import Iterator
from typing import Any, get_args, get_origin

import msgspec

from carom.wire.endpoint import Endpoint
from carom.wire.endpoints import ENDPOINTS
from carom.wire.errors import ERRORS

EVERYWHERE = (10, 100, 101, 413)
"""A token that is not valid, a store that cannot be used, a defect, a request that is too large."""

_MESSAGE = (300, 400, 401, 406, 411, 1235, 1236)
_TEMPLATE_PARTS = (1101, 1109, 1120, 1121, 1122, 1123, 1131)
_STREAM = (1221, 1223, 1224, 1231, 1234, 1238, 1239, 1240)
_HOOK = (1354, 1358, 1361)
_SERVER = (602, 603, 606, 607, 608, 609, 611, 612)
_STATS = (900, 1226, 1500, 1502)
_DOMAIN_NAME = (503, 512, 514, 515, 516, 522)
_ONCE = (1700, 1701)
_SENDER = (502, 503, 504, 520, 521, 522)

CODES: dict[str, tuple[int, ...]] = {
    "SEND_EMAIL": (*_MESSAGE, *_ONCE),
    "SEND_BATCH": (410, *_ONCE),
    "SEND_WITH_TEMPLATE": (*_MESSAGE, 1101, 1120, 1122, 1123, *_ONCE),
    "SEND_BATCH_WITH_TEMPLATES": (410, *_ONCE),
    "SEND_BULK": (11, 300, 400, 401, 411, 1101, 1122, 1123, 1226, 1236, *_ONCE),
    "GET_BULK": (12,),
    "GET_BULKS": (13, 403),
    "GET_DELIVERY_STATS": (),
    "GET_BOUNCES": (1000,),
    "GET_BOUNCE_TAGS": (),
    "GET_BOUNCE": (1001,),
    "DUMP_BOUNCE": (1001,),
    "ACTIVATE_BOUNCE": (1001, 1003),
    "GET_TEMPLATES": (1100,),
    "CREATE_TEMPLATE": (*_TEMPLATE_PARTS, 1105),
    "VALIDATE_TEMPLATE": (1101, 1109, 1122, 1123),
    "PUSH_TEMPLATES": (601, 1105, 1124, 1125),
    "GET_TEMPLATE": (1101,),
    "UPDATE_TEMPLATE": _TEMPLATE_PARTS,
    "DELETE_TEMPLATE": (1101, 1130),
    "GET_MESSAGE_STREAMS": (1221,),
    "CREATE_MESSAGE_STREAM": (*_STREAM, 1222, 1225, 1227, 1228, 1230, 1233, 1237),
    "GET_MESSAGE_STREAM": (1226,),
    "UPDATE_MESSAGE_STREAM": (*_STREAM, 1226),
    "ARCHIVE_MESSAGE_STREAM": (1226, 1229),
    "UNARCHIVE_MESSAGE_STREAM": (1225, 1226, 1232),
    "GET_OUTBOUND_MESSAGES": (700,),
    "GET_OPENS": (700,),
    "GET_CLICKS": (700,),
    "GET_OPENS_OF_MESSAGE": (700, 701),
    "GET_CLICKS_OF_MESSAGE": (700, 701),
    "GET_OUTBOUND_MESSAGE": (701,),
    "DUMP_OUTBOUND_MESSAGE": (701,),
    "GET_INBOUND_MESSAGES": (700,),
    "GET_INBOUND_MESSAGE": (701,),
    "DUMP_INBOUND_MESSAGE": (701,),
    "BYPASS_INBOUND_MESSAGE": (701,),
    "RETRY_INBOUND_MESSAGE": (701,),
    "DUMP_SUPPRESSIONS": (403, 1226, 1404, 1405),
    "CREATE_SUPPRESSIONS": (1226, 1409, 1410),
    "DELETE_SUPPRESSIONS": (1226, 1409, 1410),
    "GET_WEBHOOKS": (1226,),
    "CREATE_WEBHOOK": (*_HOOK, 1226, 1350, 1351, 1355, 1356, 1359, 1363),
    "GET_WEBHOOK": (1352,),
    "UPDATE_WEBHOOK": (*_HOOK, 1352, 1357, 1363),
    "DELETE_WEBHOOK": (1352,),
    "VERIFY_WEBHOOK": (1352,),
    "GET_WEBHOOK_STATISTICS": (1352,),
    "GET_INBOUND_RULES": (800,),
    "CREATE_INBOUND_RULE": (809, 810, 813),
    "GET_INBOUND_RULE": (812,),
    "DELETE_INBOUND_RULE": (812,),
    "GET_TAG_TRIGGERS": (800,),
    "CREATE_TAG_TRIGGER": (615,),
    "GET_TAG_TRIGGER": (615,),
    "UPDATE_TAG_TRIGGER": (615,),
    "DELETE_TAG_TRIGGER": (615,),
    **dict.fromkeys((name for name, one in ENDPOINTS.items() if one.path.startswith("/stats/")), _STATS),
    "GET_SERVER": (),
    "UPDATE_SERVER": _SERVER,
    "GET_SERVERS": (600,),
    "CREATE_SERVER": (*_SERVER, 613),
    "GET_SERVER_BY_ID": (601,),
    "UPDATE_SERVER_BY_ID": (*_SERVER, 601),
    "DELETE_SERVER": (601,),
    "GET_DOMAINS": (500,),
    "CREATE_DOMAIN": _DOMAIN_NAME,
    "GET_DOMAIN": (510,),
    "UPDATE_DOMAIN": (510, 522),
    "DELETE_DOMAIN": (510,),
    "VERIFY_DOMAIN_DKIM": (510,),
    "VERIFY_DOMAIN_RETURN_PATH": (510,),
    "VERIFY_DOMAIN_SPF": (510,),
    "ROTATE_DOMAIN_DKIM": (505, 510),
    "VERIFY_DOMAIN_CUSTOM_TRACKING": (510,),
    "GET_SENDERS": (500,),
    "CREATE_SENDER": _SENDER,
    "GET_SENDER": (501,),
    "UPDATE_SENDER": (*_SENDER, 501),
    "DELETE_SENDER": (501,),
    "RESEND_SENDER_CONFIRMATION": (501, 506),
    "VERIFY_SENDER_SPF": (501,),
    "REQUEST_NEW_SENDER_DKIM": (501, 505),
    "REQUEST_DATA_REMOVAL": (1300,),
    "GET_DATA_REMOVAL_STATUS": (1301,),
}


def codes(name: str) -> set[int]:
    """Return every code that an endpoint may refuse with, by the endpoint's name in ENDPOINTS: all of them are rows of the
    error table."""
    return ERRORS.keys() & {*EVERYWHERE, *CODES.get(name, ()), *_codes_of_fields(ENDPOINTS[name])}


def _codes_of_fields(endpoint: Endpoint[Any, Any]) -> Iterator[int]:
    """Yield 402 and 409 where there is a body to be read, and the codes of the fields that can be of the wrong type."""
    if endpoint.has_body:
        yield 402
        yield 409
    for field in msgspec.structs.fields(endpoint.request):
        in_body = endpoint.has_body and not endpoint.in_path(field.name)
        if in_body or not _any_text_fits(field.type):
            yield endpoint.field_codes.get(field.encode_name, 403)


def _any_text_fits(kind: Any) -> bool:
    return str in (kind, *get_args(kind)) or any(get_origin(arm) is dict for arm in get_args(kind))
