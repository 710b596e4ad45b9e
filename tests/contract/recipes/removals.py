"""Data removals."""

from tests.contract.conftest import Server
from tests.contract.recipes.request import UNKNOWN_NUMBER, Request, recipe
from tests.contract.recipes.servers import of_account

REMOVAL = {"RequestedBy": "me@example.com", "RequestedFor": "gone@example.org", "NotifyWhenCompleted": False}


@recipe("REQUEST_DATA_REMOVAL")
async def _request_removal(server: Server) -> Request:
    return Request(body=REMOVAL)


@recipe("GET_DATA_REMOVAL_STATUS")
async def _one_removal(server: Server) -> Request:
    made = await of_account(server, "POST", "/data-removals", REMOVAL)
    return Request(at={"data_removal_id": made["ID"]}, unknown={"data_removal_id": UNKNOWN_NUMBER})
