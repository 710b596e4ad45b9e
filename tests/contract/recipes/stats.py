"""Statistics."""

from carom.taxonomy import BounceType
from carom.wire.endpoints import ENDPOINTS
from tests.contract.conftest import Server
from tests.contract.recipes.bounces import bounced_message
from tests.contract.recipes.messages import visited_message
from tests.contract.recipes.request import UNKNOWN_NAME, Request, recipe
from tests.contract.recipes.streams import own_stream

COUNTED = (
    BounceType.HARD_BOUNCE,
    BounceType.SOFT_BOUNCE,
    BounceType.TRANSIENT,
    BounceType.SMTP_API_ERROR,
    BounceType.SPAM_COMPLAINT,
)


@recipe(*(name for name, one in ENDPOINTS.items() if one.path.startswith("/stats/")))
async def _stats(server: Server) -> Request:
    stream = await own_stream(server)
    for kind in COUNTED:
        await bounced_message(server, kind, To=f"{kind.value}@example.com", MessageStream=stream)
    await visited_message(server, MessageStream=stream)
    return Request(query={"messagestream": stream}, unknown={"messagestream": UNKNOWN_NAME})
