"""Domains."""

from carom.server.store import senders
from tests.contract.conftest import Server
from tests.contract.recipes.request import PAGE, UNKNOWN_NUMBER, Request, recipe
from tests.contract.recipes.servers import of_account
from tests.stores import NOW


async def _domain(server: Server) -> int:
    """Add a domain. Its name is the server's own, as a domain belongs to one account."""
    number: int = (await of_account(server, "POST", "/domains", _new_domain(server)))["ID"]
    return number


def _new_domain(server: Server) -> dict[str, str]:
    name = f"d{server.store.tenant.server_id}.example.com"
    return {"Name": name, "ReturnPathDomain": f"pm.{name}"}


@recipe("GET_DOMAINS")
async def _domains(server: Server) -> Request:
    await _domain(server)
    return Request(query=PAGE)


@recipe("CREATE_DOMAIN")
async def _create_domain(server: Server) -> Request:
    return Request(body=_new_domain(server))


@recipe(
    "GET_DOMAIN",
    "DELETE_DOMAIN",
    "VERIFY_DOMAIN_DKIM",
    "VERIFY_DOMAIN_RETURN_PATH",
    "VERIFY_DOMAIN_SPF",
    "VERIFY_DOMAIN_CUSTOM_TRACKING",
)
async def _one_domain(server: Server) -> Request:
    return Request(at={"domain_id": await _domain(server)}, unknown={"domain_id": UNKNOWN_NUMBER})


@recipe("UPDATE_DOMAIN")
async def _update_domain(server: Server) -> Request:
    body = {"ReturnPathDomain": ""}
    return Request(at={"domain_id": await _domain(server)}, body=body, unknown={"domain_id": UNKNOWN_NUMBER})


@recipe("ROTATE_DOMAIN_DKIM")
async def _rotate(server: Server) -> Request:
    """A domain that was allowed by hand has no key that waits to be seen."""
    tenant = server.store.tenant
    await server.store.database.write(senders.allow, tenant.account_id, _new_domain(server)["Name"], NOW)
    page = await of_account(server, "GET", "/domains?count=1&offset=0")
    return Request(at={"domain_id": page["Domains"][0]["ID"]}, unknown={"domain_id": UNKNOWN_NUMBER})
