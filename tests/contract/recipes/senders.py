"""Sender signatures."""

from carom.server.store import senders
from tests.contract.conftest import Server
from tests.contract.recipes.request import PAGE, UNKNOWN_NUMBER, Request, recipe
from tests.contract.recipes.servers import of_account
from tests.stores import NOW


async def _sender(server: Server) -> int:
    number: int = (await of_account(server, "POST", "/senders", NEW_SENDER))["ID"]
    return number


NEW_SENDER = {"FromEmail": "joe@example.org", "Name": "Joe", "ConfirmationPersonalNote": "It is me."}


@recipe("GET_SENDERS")
async def _senders(server: Server) -> Request:
    await _sender(server)
    return Request(query=PAGE)


@recipe("CREATE_SENDER")
async def _create_sender(server: Server) -> Request:
    return Request(body=NEW_SENDER)


@recipe("GET_SENDER", "DELETE_SENDER", "RESEND_SENDER_CONFIRMATION", "VERIFY_SENDER_SPF")
async def _one_sender(server: Server) -> Request:
    return Request(at={"sender_id": await _sender(server)}, unknown={"sender_id": UNKNOWN_NUMBER})


@recipe("UPDATE_SENDER")
async def _update_sender(server: Server) -> Request:
    body = {"Name": "Joseph"}
    return Request(at={"sender_id": await _sender(server)}, body=body, unknown={"sender_id": UNKNOWN_NUMBER})


@recipe("REQUEST_NEW_SENDER_DKIM")
async def _renew(server: Server) -> Request:
    """The domain of a sender that was allowed by hand has no key that waits to be seen."""
    await server.store.database.write(senders.allow, server.store.tenant.account_id, NEW_SENDER["FromEmail"], NOW)
    page = await of_account(server, "GET", "/senders?count=1&offset=0")
    return Request(at={"sender_id": page["SenderSignatures"][0]["ID"]}, unknown={"sender_id": UNKNOWN_NUMBER})
