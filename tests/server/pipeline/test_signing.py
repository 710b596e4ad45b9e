"""Mails are signed on threads, several at once."""

import asyncio
from datetime import UTC, datetime

import pytest

from carom.server.keyring import new_signing_key
from carom.server.pipeline.signing import ROUND, ROUNDS, Signer, Signing

pytestmark = pytest.mark.anyio
AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
MAILS = 2 * ROUND * ROUNDS + 1


def mail(number: int) -> bytes:
    return f"From: a@shop.example\r\nTo: b@peer.example\r\nSubject: {number}\r\n\r\nNumber {number}\r\n".encode()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer("shop.example", "pm", new_signing_key().private)


async def test_each_of_many_gets_its_own(signer: Signer) -> None:
    signing = Signing()
    found = await asyncio.gather(*(signing.signed(mail(number), (signer,), AT) for number in range(MAILS)))
    assert [one.partition(b"Subject: ")[2].partition(b"\r\n")[0] for one in found] == [
        str(number).encode() for number in range(MAILS)
    ]
    assert all(one.startswith(b"DKIM-Signature:") for one in found)


async def test_one_that_cannot_be_signed_is_told_so_and_the_others_are_signed(signer: Signer) -> None:
    signing = Signing()
    broken = Signer("shop.example", "pm", "")
    first, fault, last = await asyncio.gather(
        signing.signed(mail(1), (signer,), AT),
        signing.signed(mail(2), (broken,), AT),
        signing.signed(mail(3), (signer,), AT),
        return_exceptions=True,
    )
    assert isinstance(fault, ValueError)
    assert isinstance(first, bytes)
    assert isinstance(last, bytes)


async def test_who_comes_when_a_round_ends_is_signed_too(signer: Signer) -> None:
    signing = Signing()

    async def again(number: int) -> bytes:
        await signing.signed(mail(number), (signer,), AT)
        return await signing.signed(mail(number), (signer,), AT)

    found = await asyncio.wait_for(asyncio.gather(*(again(number) for number in range(ROUNDS + 1))), 20)
    assert all(one.startswith(b"DKIM-Signature:") for one in found)


async def test_without_a_key_a_mail_stays_as_it_is() -> None:
    assert await Signing().signed(mail(1), (), AT) == mail(1)
