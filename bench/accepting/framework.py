"""The same intake behind FastAPI: a route, a pydantic model of the request, and Carom's checks and store."""

from datetime import datetime
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Header
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from bench.accepting.served import FREE, new_id, opened, settings
from carom.server.app import _listen, utc_now
from carom.server.keyring import token_hash
from carom.server.logs import configure_logs
from carom.server.outbound.resolver import Resolver
from carom.server.pipeline.intake import Context, submit
from carom.server.rules.refusals import Refusal
from carom.server.rules.sending import check
from carom.server.store import servers
from carom.server.store.servers import Tenant
from carom.wire.email import Attachment, SendEmail
from carom.wire.email import Header as MailHeader


class MailField(BaseModel):
    """A header of a mail."""

    Name: str
    Value: str


class MailFile(BaseModel):
    """An attachment."""

    Name: str
    Content: str
    ContentType: str | None = None
    ContentID: str | None = None


class Mail(BaseModel):
    """The request, as the API has it."""

    From: str
    To: str
    Cc: str = ""
    Bcc: str = ""
    Subject: str = ""
    HtmlBody: str = ""
    TextBody: str = ""
    ReplyTo: str = ""
    Tag: str = ""
    Headers: list[MailField] = []
    TrackOpens: bool = False
    TrackLinks: str = ""
    Metadata: dict[str, str] = {}
    Attachments: list[MailFile] = []
    MessageStream: str = "outbound"


class Sent(BaseModel):
    """The answer."""

    To: str | None
    SubmittedAt: datetime
    MessageID: str
    ErrorCode: int
    Message: str


def application(context: Context) -> FastAPI:
    """Return the application. It remembers tokens as Carom does."""
    app = FastAPI()
    known: dict[str, Tenant] = {}

    async def refuse(request: Any, refusal: Exception) -> JSONResponse:
        del request
        assert isinstance(refusal, Refusal)
        return JSONResponse({"ErrorCode": refusal.code, "Message": refusal.message}, refusal.status)

    app.add_exception_handler(Refusal, refuse)

    @app.post("/email")
    async def email(mail: Mail, x_postmark_server_token: Annotated[str, Header()] = "") -> Sent:
        tenant = known.get(x_postmark_server_token)
        if tenant is None:
            tenant = await context.database.read(servers.by_token, x_postmark_server_token)
            if tenant is None:
                raise Refusal(10, kind="Server")
            known[x_postmark_server_token] = tenant
        [answer] = await submit(context, tenant, (check(_request(mail)),), token=token_hash(x_postmark_server_token))
        if isinstance(answer, Refusal):
            raise answer
        return Sent(
            To=answer.to,
            SubmittedAt=answer.submitted_at,
            MessageID=str(answer.message_id),
            ErrorCode=0,
            Message=answer.message,
        )

    return app


def _request(mail: Mail) -> SendEmail:
    return SendEmail(
        from_=mail.From,
        to=mail.To,
        cc=mail.Cc,
        bcc=mail.Bcc,
        subject=mail.Subject,
        html_body=mail.HtmlBody,
        text_body=mail.TextBody,
        reply_to=mail.ReplyTo,
        tag=mail.Tag,
        headers=[MailHeader(name=one.Name, value=one.Value) for one in mail.Headers],
        track_opens=mail.TrackOpens,
        track_links=mail.TrackLinks,
        metadata=mail.Metadata,
        attachments=[
            Attachment(name=one.Name, content=one.Content, content_type=one.ContentType, content_id=one.ContentID)
            for one in mail.Attachments
        ],
        message_stream=mail.MessageStream,
    )


async def fastapi(store: str, folder: str, token: str) -> None:
    """Serve for ever."""
    configure_logs()
    wanted = settings(store, folder)
    database, keyring = await opened(wanted, token)
    context = Context(
        database=database,
        keyring=keyring,
        settings=wanted,
        public_url="",
        clock=utc_now,
        new_id=new_id,
        wake=lambda: None,
        resolver=Resolver(wanted.dns),
    )
    listener = _listen(FREE)
    config = uvicorn.Config(
        application(context), http="httptools", lifespan="off", log_config=None, access_log=False, server_header=False
    )
    print(listener.getsockname()[1], flush=True)
    await uvicorn.Server(config).serve(sockets=[listener])
