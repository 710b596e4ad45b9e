# pyright: basic
"""client-api section 6, Bounces: what a bounce can do by itself, with either client."""

import json
from typing import Any

import pytest

import carom
from carom import webhooks
from tests.client.conftest import Make
from tests.client.scripts import Script, answer, settle
from tests.client.test_values import BOUNCE

pytestmark = pytest.mark.anyio


@pytest.fixture
def kind(flavour: str) -> Any:
    """The class of a client's bounces."""
    return carom.Bounce if flavour == "sync" else carom.AsyncBounce


async def test_c6_a_bounce_is_asked_through_the_client_that_it_came_from(make: Make) -> None:
    listed = answer({"TotalCount": 1, "Bounces": [BOUNCE]})
    script = Script(
        listed, answer({"Body": "dump"}), answer({"Message": "OK", "Bounce": {**BOUNCE, "Inactive": False}})
    )
    [bounce] = await settle(make(script).get_bounces())
    assert bounce.ack is None
    assert await settle(bounce.dump()) == "dump"
    activated = await settle(bounce.activate())
    assert (activated.inactive, activated.ack, activated.raw) == (False, "OK", {**BOUNCE, "Inactive": False})
    assert [asked.path for asked in script.asked[1:]] == [
        f"/bounces/{BOUNCE['ID']}/{end}" for end in ("dump", "activate")
    ]
    script.answers = [answer({"Body": None})]
    assert await settle(activated.dump()) is None


async def test_c6_find_and_all(make: Make, kind: Any) -> None:
    script = Script(answer({"TotalCount": 1, "Bounces": [BOUNCE]}), answer(BOUNCE))
    client = make(script)
    [found] = await settle(kind.all(client, tag="t", count=5))
    assert (type(found), found.id) == (kind, BOUNCE["ID"])
    assert script.last.query == {"tag": "t", "count": "5", "offset": "0"}
    assert await settle(kind.find(1, client)) == found
    assert script.last.path == "/bounces/1"


async def test_c6_a_bounce_made_from_a_webhook(make: Make, kind: Any, flavour: str) -> None:
    posted = {**BOUNCE, "Metadata": {"a": "b"}}
    script = Script(answer({"Body": "dump"}))
    for given in (posted, json.dumps(posted), json.dumps(posted).encode(), webhooks.parse(posted)):
        bounce = kind.from_webhook(given, make(script))
        assert (bounce.id, bounce.email, bounce["Metadata"]) == (BOUNCE["ID"], BOUNCE["Email"], {"a": "b"})
        assert await settle(bounce.dump()) == "dump"
    with pytest.raises(carom.DecodeError):
        kind.from_webhook(b"no JSON")
    if flavour == "async":
        with pytest.raises(ValueError, match="client"):
            await kind.from_webhook(posted).dump()
    else:
        carom.set_api_client(make(Script(answer({"Body": "shared"}))))
        try:
            assert kind.from_webhook(posted).dump() == "shared"
        finally:
            carom.set_api_client(None)


async def test_c22_results_know_their_answer_when_they_left_their_page(make: Make) -> None:
    """Also nested ones, and those of an answer that is not quite as documented."""
    rows = [{**BOUNCE, "ID": number, "Novelty": number} for number in range(5)]
    page = await settle(make(Script(answer({"TotalCount": 5, "Bounces": rows}))).get_bounces())
    kept = page[3], page[1:3]
    del page
    assert kept[0].raw == rows[3]
    assert [bounce["Novelty"] for bounce in kept[1]] == [1, 2]
    assert kept[0].to_dict(wire=True)["ID"] == 3
    odd = {"totalcount": 1, "bounces": [{**BOUNCE, "bouncedat": "?", "TypeCode": "1", "Odd": 1}]}
    [bounce] = await settle(make(Script(answer(odd))).get_bounces())
    assert (bounce.type_code, bounce["Odd"]) == (1, 1)
    stats = await settle(
        make(Script(answer({"inactivemails": 1, "bounces": [{"name": "All", "count": 3, "X": 2}]}))).delivery_stats()
    )
    assert stats.bounces[0]["X"] == 2


async def test_c22_a_batch_of_results_knows_its_answer(make: Make) -> None:
    rows = [{"ErrorCode": 0, "Message": "OK", "MessageID": str(n), "New": n} for n in range(3)]
    message = {"from_": "a@b.test", "to": "c@d.test", "text_body": "x"}
    results = await settle(make(Script(answer(rows))).deliver_in_batches([message] * 3))
    assert [result["New"] for result in results] == [0, 1, 2]
    assert results[2].raw == rows[2]
