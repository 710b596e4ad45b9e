"""What type checkers see of what all clients have, of bounces and of pagers: this file only has to check."""

from collections.abc import AsyncIterator
from typing import assert_type

from carom import (
    AccountApiClient,
    ApiClient,
    AsyncAccountApiClient,
    AsyncApiClient,
    AsyncBounce,
    AsyncPager,
    Bounce,
    Page,
    Pager,
    Record,
    Response,
)


def check_apiclient(client: ApiClient) -> None:
    assert_type(ApiClient.from_env(), ApiClient)
    assert_type(ApiClient.from_config({}), ApiClient)
    assert_type(client.with_options(timeout=1), ApiClient)
    assert_type(client.with_token("x"), ApiClient)
    assert_type(client.request("GET", "/x"), Response)
    assert_type(client.get("/x"), Response)
    assert_type(client.post("/x"), Response)
    assert_type(client.put("/x"), Response)
    assert_type(client.patch("/x"), Response)
    assert_type(client.delete("/x"), Response)
    assert_type(client.find_each("/x", "Things"), Pager[Record])


async def check_asyncapiclient(client: AsyncApiClient) -> None:
    assert_type(AsyncApiClient.from_env(), AsyncApiClient)
    assert_type(AsyncApiClient.from_config({}), AsyncApiClient)
    assert_type(client.with_options(timeout=1), AsyncApiClient)
    assert_type(client.with_token("x"), AsyncApiClient)
    assert_type(await client.request("GET", "/x"), Response)
    assert_type(await client.get("/x"), Response)
    assert_type(await client.post("/x"), Response)
    assert_type(await client.put("/x"), Response)
    assert_type(await client.patch("/x"), Response)
    assert_type(await client.delete("/x"), Response)
    assert_type(client.find_each("/x", "Things"), AsyncPager[Record])


def check_accountapiclient(client: AccountApiClient) -> None:
    assert_type(AccountApiClient.from_env(), AccountApiClient)
    assert_type(AccountApiClient.from_config({}), AccountApiClient)
    assert_type(client.with_options(timeout=1), AccountApiClient)
    assert_type(client.with_token("x"), AccountApiClient)
    assert_type(client.request("GET", "/x"), Response)
    assert_type(client.get("/x"), Response)
    assert_type(client.post("/x"), Response)
    assert_type(client.put("/x"), Response)
    assert_type(client.patch("/x"), Response)
    assert_type(client.delete("/x"), Response)
    assert_type(client.find_each("/x", "Things"), Pager[Record])


async def check_asyncaccountapiclient(client: AsyncAccountApiClient) -> None:
    assert_type(AsyncAccountApiClient.from_env(), AsyncAccountApiClient)
    assert_type(AsyncAccountApiClient.from_config({}), AsyncAccountApiClient)
    assert_type(client.with_options(timeout=1), AsyncAccountApiClient)
    assert_type(client.with_token("x"), AsyncAccountApiClient)
    assert_type(await client.request("GET", "/x"), Response)
    assert_type(await client.get("/x"), Response)
    assert_type(await client.post("/x"), Response)
    assert_type(await client.put("/x"), Response)
    assert_type(await client.patch("/x"), Response)
    assert_type(await client.delete("/x"), Response)
    assert_type(client.find_each("/x", "Things"), AsyncPager[Record])


def check_bounce(bounce: Bounce, client: ApiClient) -> None:
    assert_type(Bounce.find(1, client), Bounce)
    assert_type(Bounce.find(1), Bounce)
    assert_type(Bounce.all(client, type="HardBounce"), list[Bounce])
    assert_type(Bounce.from_webhook(b"{}"), Bounce)
    assert_type(bounce.dump(), str | None)
    assert_type(bounce.activate(), Bounce)
    assert_type(bounce.ack, str | None)


async def check_async_bounce(bounce: AsyncBounce, client: AsyncApiClient) -> None:
    assert_type(await AsyncBounce.find(1, client), AsyncBounce)
    assert_type(await AsyncBounce.all(client, type="HardBounce"), list[AsyncBounce])
    assert_type(AsyncBounce.from_webhook(b"{}", client), AsyncBounce)
    assert_type(await bounce.dump(), str | None)
    assert_type(await bounce.activate(), AsyncBounce)
    assert_type(bounce.ack, str | None)


def check_pager(pager: Pager[Bounce]) -> None:
    assert_type(pager.first(2), list[Bounce])
    assert_type(pager.size(), int)
    assert_type(pager.to_list(), list[Bounce])
    assert_type(next(iter(pager)), Bounce)
    assert_type(next(iter(pager.pages())), Page[Bounce])


async def check_async_pager(pager: AsyncPager[AsyncBounce]) -> None:
    assert_type(pager.pages(), AsyncIterator[Page[AsyncBounce]])
    assert_type(await pager.first(2), list[AsyncBounce])
    assert_type(await pager.size(), int)
    assert_type(await pager.to_list(), list[AsyncBounce])
    async for bounce in pager:
        assert_type(bounce, AsyncBounce)
    async for page in pager.pages():
        assert_type(page, Page[AsyncBounce])
