"""Templates, and pushing them."""

from typing import Any

from tests.contract.conftest import Server
from tests.contract.recipes.request import PAGE, UNKNOWN_NAME, UNKNOWN_NUMBER, Request, recipe
from tests.contract.recipes.servers import _server_id, of_account


async def template_in_layout(server: Server) -> dict[str, Any]:
    """Make a layout and a template in it, and return what the latter's creation answered."""
    layout = {"Name": "Layout", "Alias": "my-layout", "TemplateType": "Layout", "HtmlBody": "<p>{{{@content}}}</p>"}
    await server.post("/templates", layout)
    made: dict[str, Any] = await server.post("/templates", TEMPLATE)
    return made


TEMPLATE = {
    "Name": "Onboarding Email",
    "Alias": "welcome-v1",
    "Subject": "Hi, {{Name}}",
    "HtmlBody": "Hello {{Name}}",
    "LayoutTemplate": "my-layout",
}


@recipe("GET_TEMPLATES")
async def _templates_in_layout(server: Server) -> Request:
    await template_in_layout(server)
    return Request(query={**PAGE, "LayoutTemplate": "my-layout"}, unknown={"LayoutTemplate": UNKNOWN_NAME})


@recipe("CREATE_TEMPLATE")
async def _create_template(server: Server) -> Request:
    await template_in_layout(server)
    return Request(body={**TEMPLATE, "Alias": "another"}, unknown={"LayoutTemplate": UNKNOWN_NAME})


@recipe("VALIDATE_TEMPLATE")
async def _validate(server: Server) -> Request:
    await template_in_layout(server)
    body = {"Subject": "{{subjectHeadline}}", "HtmlBody": "{{address}} {{name}}", "LayoutTemplate": "my-layout"}
    return Request(body=body, unknown={"LayoutTemplate": UNKNOWN_NAME})


@recipe("GET_TEMPLATE", "DELETE_TEMPLATE")
async def _one_template(server: Server) -> Request:
    made = await template_in_layout(server)
    return Request(at={"id_or_alias": made["TemplateId"]}, unknown={"id_or_alias": UNKNOWN_NUMBER})


@recipe("UPDATE_TEMPLATE")
async def _update_template(server: Server) -> Request:
    made = await template_in_layout(server)
    return Request(
        at={"id_or_alias": made["TemplateId"]}, body={"Name": "New"}, unknown={"id_or_alias": UNKNOWN_NUMBER}
    )


@recipe("PUSH_TEMPLATES")
async def _push(server: Server) -> Request:
    await template_in_layout(server)
    other = await of_account(server, "POST", "/servers", {"Name": "Destination"})
    body = {
        "SourceServerID": await _server_id(server),
        "DestinationServerID": other["ID"],
        "PerformChanges": False,
    }
    unknown = {"SourceServerID": UNKNOWN_NUMBER, "DestinationServerID": UNKNOWN_NUMBER}
    return Request(body=body, unknown=unknown)
