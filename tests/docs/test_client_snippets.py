# pyright: basic
"""Every snippet of the client's pages runs, against Carom's own server as far as it has what a page speaks of.

The snippets of a page run in order and share their names. ``client`` and ``account`` are there.
"""

import json
import re
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

import carom
from carom.client.transports.seam import Reply, Request
from carom.wire.errors import ERRORS
from tests.client.served.servers import Served, serving

PAGES = sorted((Path(__file__).parents[2] / "docs" / "client").glob("*.md"))
GOLDENS = Path(__file__).parents[1] / "wire" / "goldens"
EXAMPLES: list[dict[str, Any]] = [
    example for sheet in ("server", "account") for example in json.loads((GOLDENS / f"{sheet}.json").read_text())
]


def matches(path: str, asked: str) -> bool:
    """Whether a documented path is the one that was asked."""
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), asked, re.IGNORECASE) is not None


def documented(request: Request) -> Reply:
    """Answer as the API's documentation does."""
    asked = request.target.partition("?")[0]
    found = [e for e in EXAMPLES if e["method"] == request.method and matches(e["path"], asked)]
    assert found, f"no documented answer to {request.method} {asked}"
    example = min(found, key=lambda e: e["path"].count("{"))["success_example"]
    if request.method == "POST" and asked.startswith("/email/batch"):
        body = json.loads(request.body)
        example = [example[0]] * len(body if isinstance(body, list) else body["Messages"])
    return Reply(200, {}, json.dumps(example).encode())


class Api:
    """Carom's own server. Where it has nothing of the kind, which is so for the ids that pages make up, the API's
    documentation answers."""

    def __init__(self, served: Served) -> None:
        self._tokens = {
            "X-Postmark-Server-Token": served.fresh(),
            "X-Postmark-Account-Token": served.local.account_token,
        }
        self._at = served.local.listening.http

    def __call__(self, request: Request) -> Reply:
        headers = {name: self._tokens.get(name, value) for name, value in request.headers.items()}
        connection = HTTPConnection(self._at.host, self._at.port, timeout=30)
        try:
            connection.request(request.method, request.target, request.body or None, headers)
            answer = connection.getresponse()
            reply = Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()
        said = json.loads(reply.body)
        if reply.status == 200 and not (isinstance(said, dict) and said.get("TotalCount") == 0):
            return reply
        if reply.status != 200:
            assert ERRORS[said["ErrorCode"]].exception == "NotFoundError", f"{request.target}: {said}"
        return documented(request)


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """A server for all pages."""
    with serving(None) as server:
        yield server


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_snippets_of_a_page_run(
    page: Path, served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("invoice.pdf").write_bytes(b"%PDF")
    snippets = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    assert snippets
    api = Api(served)
    client = carom.ApiClient("token", transport=api)
    names: dict[str, Any] = {"client": client, "account": carom.AccountApiClient("token", transport=api), "api": api}
    carom.configure("token", transport=api)
    try:
        for snippet in snippets:
            exec(compile(snippet, str(page), "exec"), names)  # that is the test
    finally:
        carom.configure(None)
