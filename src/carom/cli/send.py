"""carom send."""

import sys
from typing import Annotated

from cyclopts import Parameter

from carom.cli.client import AsJson, Token, Url, connect, print_json
from carom.cli.problems import Problem


def send(
    *,
    from_: Annotated[str, Parameter(name="--from")],
    to: str,
    cc: str | None = None,
    bcc: str | None = None,
    subject: str = "",
    text: str | None = None,
    html: str | None = None,
    tag: str | None = None,
    stream: str | None = None,
    url: Url = None,
    token: Token = None,
    as_json: AsJson = False,
) -> None:
    """Send one message; without --text and --html the text is read from standard input.

    Parameters
    ----------
    from_
        The sender: you@example.com or "You <you@example.com>".
    to
        The recipients, comma-separated.
    cc
        More recipients, named in the mail.
    bcc
        More recipients, not named in the mail.
    subject
        The subject.
    text
        The plain text.
    html
        The HTML.
    tag
        A tag to find the message by.
    stream
        The message stream; outbound by default.
    url
        The server's address.
    token
        The server token.
    as_json
        Print JSON, for programs.

    """
    if text is None and html is None:
        if sys.stdin.isatty():
            raise Problem("what should the mail say? give --text or --html, or pipe a text in")
        text = sys.stdin.read()
    with connect(url, token) as client:
        result = client.deliver(
            from_=from_,
            to=to,
            cc=cc,
            bcc=bcc,
            subject=subject,
            text_body=text,
            html_body=html,
            tag=tag,
            message_stream=stream,
        )
    if as_json:
        print_json(result.to_dict())
    else:
        print(f"{result.message} {result.message_id}")
