"""Bulk requests on both databases: accepted as a whole, sent in chunks, counted, listed."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from carom.server.pipeline.bulk import ChunkChanged, send_chunk
from carom.server.pipeline.deps import Deps
from carom.server.pipeline.jobs import SendChunk
from carom.server.pipeline.worker import Worker
from carom.server.rules.retry import OWN_JOBS
from carom.server.store import removal, schema
from carom.server.store.erasing import forget_unsent
from tests.contract.conftest import OTHER_TOKEN, STRANGER, Answer, Server

pytestmark = pytest.mark.anyio

UNKNOWN = "01940000-0000-7000-8000-000000000001"
SEARCH = "/messages/outbound?count=500&offset=0&messagestream=broadcast"


def asked(*to: str, **fields: Any) -> dict[str, Any]:
    messages = [{"To": one, "TemplateModel": {"name": one.partition("@")[0]}} for one in to or ("ann@example.org",)]
    return {
        "From": "Me <me@example.com>",
        "Subject": "Hi {{name}}",
        "TextBody": "Dear {{name}}",
        "HtmlBody": "<p>{{name}}</p>",
        "Messages": messages,
        **fields,
    }


async def bulk(server: Server, *to: str, **fields: Any) -> str:
    bulk_id: str = (await server.post("/email/bulk", asked(*to, **fields)))["ID"]
    return bulk_id


async def sent(server: Server) -> list[dict[str, Any]]:
    found = (await server.get(SEARCH))["Messages"]
    return sorted(found, key=lambda one: one["Recipients"])


async def test_a_request_is_accepted_sent_and_counted(server: Server) -> None:
    """The id has both spellings in the first answer; subject and bodies are made for each."""
    made = await server.post("/email/bulk", asked("ann@example.org", "bob@example.org"))
    status = {
        "Id": made["ID"],
        "SubmittedAt": "2026-11-23T12:00:00.1234560Z",
        "TotalMessages": 2,
        "PercentageCompleted": 0.0,
        "ReleasedCount": 0,
        "FailedCount": 0,
        "Status": "Accepted",
        "Subject": "Hi {{name}}",
    }
    assert made == {**status, "ID": status["Id"]}
    path = f"/email/bulk/{made['Id']}"
    assert await server.get(path) == status
    assert await sent(server) == []
    await server.work()
    done = {**status, "PercentageCompleted": 1.0, "ReleasedCount": 2, "Status": "Completed"}
    assert await server.get(path.upper()) == done
    ann, bob = await sent(server)
    assert (ann["Recipients"], ann["Subject"], ann["From"]) == (["ann@example.org"], "Hi ann", "Me <me@example.com>")
    shown = await server.get(f"/messages/outbound/{bob['MessageID']}/details")
    assert (shown["TextBody"], shown["HtmlBody"]) == ("Dear bob", "<p>bob</p>")
    left = await server.store.database.read(lambda c: c.scalar(sa.select(schema.bulk_chunk.c.id)))
    assert left is None


async def test_more_than_a_chunk_goes_out_in_several(server: Server) -> None:
    """What is done and what is not is told in between, and a job that begins again sends nothing twice."""
    bulk_id = await bulk(server, *(f"to{number}@example.org" for number in range(120)))
    chunks = await server.store.database.read(lambda c: list(c.scalars(sa.select(schema.job.c.id))))
    assert len(chunks) == 3
    await server.work()
    await server.work()
    status = await server.get(f"/email/bulk/{bulk_id}")
    assert (status["TotalMessages"], status["ReleasedCount"], status["Status"]) == (120, 120, "Completed")
    assert len(await sent(server)) == 120


async def test_a_templates_parts_are_those_of_the_time_of_the_request(server: Server) -> None:
    """The subject of such a request is not told."""
    template = {"Name": "T", "Alias": "t", "Subject": "S {{a}}", "TextBody": "T {{a}}"}
    made = await server.post("/templates", template)
    for number, name in enumerate(({"TemplateAlias": "t"}, {"TemplateId": str(made["TemplateId"])})):
        request = {
            "From": "me@example.com",
            "Messages": [{"To": f"a{number}@example.org", "TemplateModel": {"a": number}}],
            **name,
        }
        assert "Subject" not in await server.post("/email/bulk", request)
    await server.call("DELETE", "/templates/t")
    await server.work()
    assert [one["Subject"] for one in await sent(server)] == ["S 0", "S 1"]


async def test_a_message_has_what_is_common_and_its_own(server: Server) -> None:
    """Metadata and headers of its own win; Cc, Bcc and an empty model, as PHP writes it, are fine."""
    request = asked(
        Metadata={"a": "1", "b": "2"},
        Headers=[{"Name": "X-A", "Value": "1"}, {"Name": "X-B", "Value": "2"}],
        Tag="news",
        TrackOpens=True,
        MessageStream="broadcast",
        Attachments=[{"Name": "a.txt", "Content": "YQ==", "ContentType": "text/plain"}],
        Messages=[
            {
                "to": "ann@example.org",
                "Cc": "cc@example.org",
                "Bcc": "bcc@example.org",
                "TemplateModel": [],
                "Metadata": {"b": "3"},
                "headers": [{"name": "x-b", "value": "4"}],
            }
        ],
    )
    await server.post("/email/bulk", request)
    await server.work()
    [one] = await sent(server)
    assert one["Metadata"] == {"a": "1", "b": "3"}
    assert (one["Tag"], one["TrackOpens"], one["Attachments"]) == ("news", True, ["a.txt"])
    assert one["Recipients"] == ["ann@example.org", "cc@example.org", "bcc@example.org"]
    body = (await server.get(f"/messages/outbound/{one['MessageID']}/dump"))["Body"]
    assert "X-A: 1" in body
    assert "x-b: 4" in body
    assert "X-B: 2" not in body


async def test_suppressed_and_unrenderable_messages_are_counted_as_failed(server: Server) -> None:
    """They stop no other."""
    gone = {"Suppressions": [{"EmailAddress": "gone@example.org"}]}
    await server.post("/message-streams/broadcast/suppressions", gone)
    request = asked("ann@example.org", "gone@example.org")
    request["Subject"] = "{{#each many}}xxxxxxxxxx{{/each}}"
    request["Messages"].append({"To": "bomb@example.org", "TemplateModel": {"many": [1] * 20_000}})
    bulk_id = (await server.post("/email/bulk", request))["Id"]
    await server.work()
    status = await server.get(f"/email/bulk/{bulk_id}")
    assert (status["ReleasedCount"], status["FailedCount"], status["Status"]) == (1, 2, "Completed")
    assert [one["Recipients"] for one in await sent(server)] == [["ann@example.org"]]


FAULTS: list[tuple[dict[str, Any], int, str]] = [
    ({"From": "test"}, 300, "Error parsing 'From': Illegal email address 'test'."),
    ({"From": None}, 300, "Invalid 'From' address: ''."),
    ({"ReplyTo": "x"}, 300, "Error parsing 'Reply-To'"),
    ({"TextBody": None, "HtmlBody": ""}, 300, "Provide either email TextBody or HtmlBody or both."),
    ({"TextBody": "{{#a}}"}, 1122, "The 'TextBody' cannot be parsed"),
    ({"Messages": []}, 300, "Zero recipients specified."),
    ({"Messages": None}, 300, "Zero recipients specified."),
    ({"Messages": [{"To": "a@b"}]}, 300, "Invalid 'To' address: 'a@b'."),
    ({"Messages": [{"TemplateModel": {}}]}, 300, "Zero recipients specified."),
    ({"Messages": [{"To": ", ".join(f"a{n}@example.org" for n in range(51))}]}, 300, "Too many recipients"),
    ({"Messages": [{"To": "a@example.org", "Metadata": {"k" * 21: "v"}}]}, 300, "Invalid metadata content."),
    ({"Messages": "all"}, 403, "Invalid request field(s): 'Messages'."),
    ({"Messages": [{"To": 5}]}, 403, "Invalid request field(s): 'Messages'."),
    ({"Tag": "t" * 1001}, 300, "Invalid 'Tag'"),
    ({"TrackLinks": "x"}, 300, "Invalid 'TrackLinks'"),
    ({"Attachments": [{"Name": "a.exe", "Content": "YQ=="}]}, 411, "The attachment 'a.exe'"),
    ({"MessageStream": "none"}, 1226, "The message stream for the provided 'ID' was not found."),
    ({"MessageStream": "outbound"}, 1236, "The stream provided: 'outbound' is of a type that cannot send."),
    ({"TemplateAlias": "none"}, 1123, "A message made from a template cannot have"),
    (
        {"Subject": None, "TextBody": None, "HtmlBody": None, "TemplateAlias": "none"},
        1101,
        "The Template's 'Alias' associated with this request is not valid or was not found.",
    ),
    (
        {"Subject": None, "TextBody": None, "HtmlBody": None, "TemplateId": 7},
        1101,
        "The 'TemplateId' associated with this request is not valid or was not found.",
    ),
]


@pytest.mark.parametrize(("change", "code", "text"), FAULTS, ids=lambda value: str(value)[:40])
async def test_a_fault_is_refused_with_its_own_code(
    server: Server, change: dict[str, Any], code: int, text: str
) -> None:
    """Nothing is accepted."""
    refused = await server.call("POST", "/email/bulk", asked() | change)
    errors = _all(refused)
    assert refused.status == 422
    assert any(one["ErrorCode"] == code and one["Message"].startswith(text) for one in errors), errors
    assert (await server.get("/email/bulk"))["Requests"] == []


def _all(refused: Answer) -> list[dict[str, Any]]:
    errors = refused.json.get("Errors")
    return [refused.json] if errors is None else [one for field in errors.values() for one in field]


async def test_several_faults_are_told_together(server: Server) -> None:
    """By field, with code 11."""
    change: dict[str, Any] = {"From": "test", "Tag": "t" * 1001, "MessageStream": "none"}
    change |= {"Messages": [{"To": "a@example.org"}, {"To": "b"}]}
    refused = await server.call("POST", "/email/bulk", asked() | change)
    assert refused.code == (422, 11)
    assert {field: [one["ErrorCode"] for one in errors] for field, errors in refused.json["Errors"].items()} == {
        "From": [300],
        "Tag": [300],
        "MessageStream": [1226],
        "Messages[1].To": [300],
    }


async def test_a_message_larger_than_a_message_may_be_is_refused(server: Server) -> None:
    """Each of the messages would be so large."""
    files = [{"Name": f"{number}.txt", "Content": "YWFh" * 1_000_000} for number in range(3)]
    assert (await server.call("POST", "/email/bulk", asked(Attachments=files))).code == (413, 413)


async def test_the_list_is_newest_first_and_goes_on_by_key(server: Server) -> None:
    """A key is good for one place; the last page has none."""
    made: list[str] = []
    for _ in range(3):
        made.insert(0, await bulk(server))
        server.now += timedelta(seconds=1)
    first = await server.get("/email/bulk?count=2")
    assert [one["Id"] for one in first["Requests"]] == made[:2]
    rest = await server.get(f"/email/bulk?Count=2&PaginationKey={first['PaginationKey']}")
    assert [one["Id"] for one in rest["Requests"]] == made[2:]
    assert "PaginationKey" not in rest
    assert [one["Id"] for one in (await server.get("/email/bulk?paginationKey="))["Requests"]] == made
    for key in (
        "x",
        "e30=",
        "%00",
        "bnVsbA==",
        "eyJhdCI6IjIwMjYtMDEtMDFUMDA6MDA6MDAiLCJpZCI6IjAxOTQwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSJ9",
    ):
        refused = await server.call("GET", f"/email/bulk?paginationKey={key}")
        assert refused.status == 422
        assert refused.json["ErrorCode"] in {13, 403}, key
    for count in ("0", "501", "-1", "x"):
        assert (await server.call("GET", f"/email/bulk?count={count}")).code == (422, 403)


async def test_requests_of_others_are_not_there(server: Server) -> None:
    """Nor unknown ones, nor what is no id: 404, one of the few; a wrong token is refused before."""
    bulk_id = await bulk(server)
    for wanted, token in ((bulk_id, OTHER_TOKEN), (UNKNOWN, OTHER_TOKEN), ("1", OTHER_TOKEN)):
        refused = await server.call("GET", f"/email/bulk/{wanted}", token=token)
        assert refused.code == (404, 12)
        assert wanted in refused.json["Message"]
    assert (await server.get("/email/bulk", token=OTHER_TOKEN))["Requests"] == []
    for wrong in ("x", None, "POSTMARK_API_TEST"):
        for method, path in (("GET", "/email/bulk"), ("GET", f"/email/bulk/{bulk_id}"), ("POST", "/email/bulk")):
            assert (await server.call(method, path, asked(), token=wrong)).code == (401, 10)


async def test_a_request_comes_to_an_end_though_a_part_of_it_is_given_up(server: Server) -> None:
    """Its messages count as failed; should somebody let the job run again, they are sent and count anew."""
    bulk_id = await bulk(server, "ann@example.org", "bob@example.org")
    tried = asyncio.Event()

    async def fail(job: SendChunk, deps: Deps) -> None:
        tried.set()
        raise RuntimeError("broken")

    last = sa.update(schema.job).values(attempts=len(OWN_JOBS))
    await server.store.database.write(lambda c: c.execute(last))
    worker = Worker(server.deps(), {SendChunk: fail})
    await worker.start()
    await asyncio.wait_for(tried.wait(), 30)
    await worker.stop(grace=30)
    assert await counts(server, bulk_id) == ("Completed", 0, 2, 1.0)
    await server.work()
    assert await counts(server, bulk_id) == ("Completed", 2, 0, 1.0)
    assert len(await sent(server)) == 2


async def counts(server: Server, bulk_id: str) -> tuple[str, int, int, float]:
    one = await server.get(f"/email/bulk/{bulk_id}")
    return one["Status"], one["ReleasedCount"], one["FailedCount"], one["PercentageCompleted"]


async def test_an_erased_person_is_in_no_message_that_is_still_to_be_sent(server: Server) -> None:
    """What was to them alone counts as failed, others lose the address; another account's stay."""
    bulk_id = await bulk(server, "ann@example.org", "bob@example.org, Ann <ANN@example.org>", "joann@example.org")
    theirs = await server.call("POST", "/email/bulk", asked("ann@example.org"), token=STRANGER.server)
    waiting = await _jobs(server)
    removal = {"RequestedBy": "me@example.com", "RequestedFor": "ann@example.org"}
    await server.account("POST", "/data-removals", removal)
    await server.work(*(set(await _jobs(server)) - set(waiting)))
    assert await counts(server, bulk_id) == ("Processing", 0, 1, 0.3333)
    await server.work()
    assert await counts(server, bulk_id) == ("Completed", 2, 1, 1.0)
    assert [one["Recipients"] for one in await sent(server)] == [["bob@example.org"], ["joann@example.org"]]
    assert "ann@example.org" not in json.dumps(await sent(server)).replace("joann", "")
    done = await server.call("GET", f"/email/bulk/{theirs.ok['Id']}", token=STRANGER.server)
    assert done.ok["ReleasedCount"] == 1


async def test_a_person_who_is_erased_while_messages_are_made_is_not_sent_to(server: Server) -> None:
    """They are made again, from what is left."""
    bulk_id = await bulk(server, "ann@example.org", "bob@example.org")
    [chunk_id] = await server.store.database.read(lambda c: list(c.scalars(sa.select(schema.bulk_chunk.c.id))))
    follow = await send_chunk(SendChunk(chunk_id), server.deps())
    assert follow is not None
    await server.store.database.write(forget_unsent, server.store.tenant.account_id, "ann@example.org", 0, 10)
    with pytest.raises(ChunkChanged):
        await server.store.database.write(follow)
    await server.work()
    assert await counts(server, bulk_id) == ("Completed", 1, 1, 1.0)
    assert [one["Recipients"] for one in await sent(server)] == [["bob@example.org"]]


async def _jobs(server: Server) -> list[int]:
    return await server.store.database.read(lambda c: list(c.scalars(sa.select(schema.job.c.id).order_by("id"))))


async def test_what_a_removed_server_had_still_to_send_is_not_sent(server: Server) -> None:
    """Its chunks go with it, whether they were begun or not."""
    database, gone = server.store.database, server.store.tenant
    await bulk(server)
    await bulk(server)
    first, second = await database.read(lambda c: list(c.scalars(sa.select(schema.job.c.id))))
    await database.write(removal.remove_server, gone.account_id, gone.server_id)
    await server.work(first)
    while await database.write(removal.purge_server, gone.server_id, 10):
        pass
    await server.work(second)
    for table in (schema.bulk, schema.bulk_chunk, schema.message, schema.job):
        assert await database.read(_count, table) == 0


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
