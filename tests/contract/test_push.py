"""Templates pushed between the servers of an account, on both databases."""

from typing import Any

import pytest

from tests.contract.conftest import OTHER_TOKEN, STRANGER, Server
from tests.stores import TOKENS

pytestmark = pytest.mark.anyio

LAYOUT = {
    "Name": "Frame", "Alias": "frame", "TemplateType": "Layout", "HtmlBody": "<p>{{{@content}}}</p>",
}  # fmt: skip
STANDARD = {
    "Name": "Hello", "Alias": "hello", "Subject": "Hi {{name}}", "HtmlBody": "<b>{{name}}</b>", "TextBody": "Hi {{name}}",
    "LayoutTemplate": "frame",
}  # fmt: skip
NOBODYS = 999_999


class Push:
    """Two servers of an account: templates are made on the first and pushed to the second."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.source, self.destination = server.store.tenant.server_id, server.other.server_id

    async def __call__(self, *, perform: bool | None = True, **ids: Any) -> Any:
        return (await self.answer(perform=perform, **ids)).ok

    async def answer(self, *, perform: bool | None = True, **ids: Any) -> Any:
        body = {
            "SourceServerID": self.source,
            "DestinationServerID": self.destination,
            "PerformChanges": perform,
            **ids,
        }
        return await self.server.account("PUT", "/templates/push", body)

    async def make(self, *, token: str = TOKENS.server, **fields: Any) -> int:
        made: int = (await self.server.post("/templates", fields, token=token))["TemplateId"]
        return made

    async def there(self, alias: str) -> Any:
        """The template of the destination with an alias, without what is its own."""
        found = await self.server.get(f"/templates/{alias}", token=OTHER_TOKEN)
        return {name: found[name] for name in found if name not in {"TemplateId", "AssociatedServerId"}}

    async def here(self, alias: str) -> Any:
        found = await self.server.get(f"/templates/{alias}")
        return {name: found[name] for name in found if name not in {"TemplateId", "AssociatedServerId"}}


@pytest.fixture
def push(server: Server) -> Push:
    return Push(server)


def said(answer: Any) -> list[tuple[str, str]]:
    assert answer["TotalCount"] == len(answer["Templates"])
    return [(one["Action"], one["Alias"]) for one in answer["Templates"]]


async def test_what_is_new_is_made_layouts_first(push: Push) -> None:
    """Though the template is older than its layout. A dry run says the same, without ids, and writes nothing."""
    template = await push.make(**{**STANDARD, "LayoutTemplate": ""})
    await push.make(**LAYOUT)
    await push.server.call("PUT", f"/templates/{template}", {"LayoutTemplate": "frame"})
    planned = await push(perform=False)
    assert planned == {
        "TotalCount": 2,
        "Templates": [
            {"Action": "Create", "TemplateId": None, "Alias": "frame", "Name": "Frame", "TemplateType": "Layout"},
            {"Action": "Create", "TemplateId": None, "Alias": "hello", "Name": "Hello", "TemplateType": "Standard"},
        ],
    }
    assert await push(perform=None) == planned
    assert (await push.server.call("GET", "/templates/hello", token=OTHER_TOKEN)).code == (422, 1101)
    done = await push()
    ids = [one.pop("TemplateId") for one in done["Templates"]]
    assert done["Templates"] == [{k: v for k, v in one.items() if k != "TemplateId"} for one in planned["Templates"]]
    for alias, template_id in zip(("frame", "hello"), ids, strict=True):
        assert await push.there(alias) == await push.here(alias)
        assert (await push.server.get(f"/templates/{template_id}", token=OTHER_TOKEN))["Alias"] == alias
    assert (await push.there("hello"))["LayoutTemplate"] == "frame"


async def test_what_is_alike_is_not_named_and_what_is_only_there_stays(push: Push) -> None:
    await push.make(**LAYOUT)
    await push.make(**STANDARD)
    await push.make(token=OTHER_TOKEN, Name="Theirs", Alias="theirs", Subject="S", TextBody="T")
    await push()
    assert await push() == {"TotalCount": 0, "Templates": []}
    assert (await push.there("theirs"))["Active"]


@pytest.mark.parametrize(
    "change",
    [{"Name": "New"}, {"Subject": "New"}, {"HtmlBody": "New"}, {"TextBody": "New"}, {"TextBody": ""}, {"LayoutTemplate": ""}],
    ids=lambda change: "".join(f"{name}-{value}" for name, value in change.items()),
)  # fmt: skip
async def test_what_differs_is_edited(push: Push, change: dict[str, str]) -> None:
    """By its alias, keeping its id at the destination."""
    await push.make(**LAYOUT)
    template = await push.make(**STANDARD)
    await push()
    there = (await push.server.get("/templates/hello", token=OTHER_TOKEN))["TemplateId"]
    await push.server.call("PUT", f"/templates/{template}", change)
    for perform in (False, True):
        answer = await push(perform=perform)
        assert said(answer) == [("Edit", "hello")]
        assert answer["Templates"][0]["TemplateId"] == there
    assert await push.there("hello") == await push.here("hello")
    assert said(await push()) == []


async def test_a_server_that_is_not_there_is_named(push: Push) -> None:
    """One of another account is not there either."""
    await push.make(**LAYOUT)
    stranger = (await push.server.get("/server", token=STRANGER.server))["ID"]
    for unknown in (NOBODYS, stranger, 1, "1"):
        for ids, text in (
            ({"SourceServerID": unknown, "DestinationServerID": unknown},
             "The source and destination servers were not found."),
            ({"DestinationServerID": unknown}, "The destination server was not found."),
            ({"SourceServerID": unknown}, "The source server was not found."),
        ):  # fmt: skip
            for perform in (False, True):
                refused = await push.answer(perform=perform, **ids)
                assert refused.code == (422, 601)
                assert refused.json["Message"] == text


async def test_nothing_to_push_is_1124(push: Push) -> None:
    assert (await push.answer()).code == (422, 1124)
    template = await push.make(**LAYOUT)
    await push.server.call("DELETE", f"/templates/{template}")
    assert (await push.answer(perform=False)).code == (422, 1124)


async def test_types_that_differ_are_1125_and_nothing_is_written(push: Push) -> None:
    await push.make(**LAYOUT)
    await push.make(Name="First", Alias="first", Subject="S", TextBody="T")
    await push.make(token=OTHER_TOKEN, Name="Other", Alias="frame", Subject="S", TextBody="T")
    for perform in (False, True):
        refused = await push.answer(perform=perform)
        assert refused.code == (422, 1125)
        assert "'frame' is of the type Layout" in refused.json["Message"]
    assert (await push.server.call("GET", "/templates/first", token=OTHER_TOKEN)).code == (422, 1101)


async def test_a_full_destination_is_1105_unless_there_is_room(push: Push) -> None:
    for number in range(99):
        await push.make(token=OTHER_TOKEN, Name=f"T{number}", Subject="S", TextBody="T")
    first = await push.make(Name="New 1", Subject="S", TextBody="T")
    await push.make(Name="New 2", Subject="S", TextBody="T")
    assert (await push.answer()).code == (422, 1105)
    await push.server.call("DELETE", f"/templates/{first}")
    assert said(await push()) == [("Create", "new-2")]


async def test_names_and_numbers_are_read_leniently(push: Push) -> None:
    """Swagger spells the names otherwise, and a client sends the numbers as texts."""
    await push.make(**LAYOUT)
    body = {
        "SourceServerId": str(push.source), "destinationServerId": str(push.destination), "PerformChanges": "true",
    }  # fmt: skip
    assert said((await push.server.account("PUT", "/Templates/Push/", body)).ok) == [("Create", "frame")]
    assert (await push.server.account("PUT", "/templates/push", {"PerformChanges": True})).code == (422, 403)
    assert said((await push.answer(DestinationServerID=push.source)).ok) == []
