"""Postmark for the standard library's e-mail package: messages turned into requests, and a sender with the shape of
:class:`smtplib.SMTP`."""

from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import getaddresses
from typing import Any, Unpack, cast

from carom.client._async.api import AsyncApiClient
from carom.client._letters import Letter, read_letter, to_fields, track_links
from carom.client._settings import ClientOptions
from carom.client._sync.api import ApiClient
from carom.client.errors import Error, InvalidTemplateError
from carom.client.results import SendResult
from carom.wire.templates import Template, TemplateValidation

__all__ = ["AsyncPostmark", "Message", "Postmark", "to_postmark"]


def to_postmark(message: object) -> dict[str, Any]:
    """Return a message as Postmark's JSON has it. Takes EmailMessage, old-style messages and raw bytes; raises
    UnknownMessageType for anything else."""
    return to_fields(read_letter(message))


class Message(EmailMessage):
    """An EmailMessage with what only Postmark knows: tag, tracking, metadata, stream, template. After a send
    ``delivered`` says whether it was accepted, ``postmark_response`` what the API said, and ``postmark_message_id`` is
    its id there."""

    def __init__(self, policy: EmailPolicy | None = None) -> None:
        """Make an empty message."""
        super().__init__(policy)
        self.tag: str | None = None
        self.track_opens: bool | None = None
        self.track_links: str | None = None
        self.metadata: dict[str, str] = {}
        self.message_stream: str | None = None
        self.template_id: int | None = None
        self.template_alias: str | None = None
        self.template_model: Mapping[str, Any] | None = None
        self.delivered = False
        self.postmark_response: SendResult | Error | None = None
        self.postmark_message_id: str | None = None

    @property
    def templated(self) -> bool:
        """Whether it is made from a template."""
        return bool(self.template_alias or self.template_id or self.get("POSTMARK-TEMPLATE-ALIAS"))

    def postmark_fields(self) -> dict[str, Any]:
        """Return the fields that are set here, by Postmark's names."""
        fields: dict[str, Any] = {
            "Tag": self.tag,
            "TrackOpens": self.track_opens,
            "TrackLinks": track_links(self.track_links) if self.track_links else None,
            "Metadata": self.metadata or None,
            "MessageStream": self.message_stream,
        }
        if self.templated:
            fields |= {
                "TemplateId": self.template_id,
                "TemplateAlias": self.template_alias or self.get("POSTMARK-TEMPLATE-ALIAS"),
                "TemplateModel": dict(self.template_model or {}),
            }
        return {name: value for name, value in fields.items() if value is not None}

    def prerender(self, client: ApiClient) -> "Message":
        """Fill subject and bodies with what the template renders to; return the message. Raises Error if there is no
        template, InvalidTemplateError if it does not render."""
        template = client.get_template(self._template())
        return self._rendered(client.validate_template(**_checked(template, self.template_model)))

    async def prerender_async(self, client: AsyncApiClient) -> "Message":
        """Do the same with an async client."""
        template = await client.get_template(self._template())
        return self._rendered(await client.validate_template(**_checked(template, self.template_model)))

    def _template(self) -> int | str:
        named = self.template_id or self.template_alias or self.get("POSTMARK-TEMPLATE-ALIAS")
        if not named:
            raise Error("This message has no template: set template_alias or template_id.")
        return cast("int | str", named)

    def _rendered(self, found: TemplateValidation) -> "Message":
        if not found.all_content_is_valid:
            raise InvalidTemplateError("The template does not render.", postmark_response=found)
        rendered = {
            name: part.rendered_content or ""
            for name, part in (("subject", found.subject), ("text", found.text_body), ("html", found.html_body))
            if part is not None
        }
        self.clear_content()
        if "subject" in rendered:
            del self["Subject"]
            self["Subject"] = " ".join(rendered["subject"].split())
        if "text" in rendered:
            self.set_content(rendered["text"])
        if "html" in rendered and "text" in rendered:
            self.add_alternative(rendered["html"], subtype="html")
        elif "html" in rendered:
            self.set_content(rendered["html"], subtype="html")
        return self


def _checked(template: Template, model: Mapping[str, Any] | None) -> Any:
    return {
        "subject": template.subject,
        "html_body": template.html_body,
        "text_body": template.text_body,
        "template_type": template.template_type,
        "layout_template": template.layout_template,
        "test_render_model": dict(model or {}),
    }


def _addressed(message: object, sender: str | None, to: str | Sequence[str] | None) -> dict[str, Any]:
    """Return a message for an envelope: only those named get it, those that no header names as Bcc."""
    fields = to_postmark(message)
    if sender:
        fields.setdefault("From", sender)
    if to is None:
        return fields
    wanted = {address.lower(): address for address in ([to] if isinstance(to, str) else to)}
    named: set[str] = set()
    for field in ("To", "Cc", "Bcc"):
        pairs = [(name, email) for name, email in getaddresses([fields.pop(field, "")]) if email.lower() in wanted]
        named |= {email.lower() for _, email in pairs}
        if pairs:
            fields[field] = list(pairs)
    hidden = [address for low, address in wanted.items() if low not in named]
    if hidden:
        fields["Bcc"] = [*fields.get("Bcc", []), *hidden]
    return fields


class Postmark:
    """Sends e-mail messages; ``with Postmark() as postmark: postmark.send_message(message)``. A templated message is
    sent as one. With ``return_response=False`` the answers are those of smtplib: an empty dict."""

    def __init__(
        self, api_token: str | None = None, *, return_response: bool = True, **options: Unpack[ClientOptions]
    ) -> None:
        """Make a sender; the options are those of the client."""
        self.client = ApiClient(api_token, **options)
        self._return_response = return_response

    def deliver(self, message: object) -> SendResult | dict[str, Any]:
        """Send a message to those that its headers name. Raises as the client does."""
        letter = read_letter(message)
        return self._answer(self.client.deliver_letter(letter))

    def send_message(
        self, msg: object, from_addr: str | None = None, to_addrs: str | Sequence[str] | None = None
    ) -> SendResult | dict[str, Any]:
        """Send a message; with ``to_addrs`` to those only."""
        return self._answer(self.client.deliver_fields(_addressed(msg, from_addr, to_addrs), letter_of(msg)))

    def sendmail(self, from_addr: str, to_addrs: str | Sequence[str], msg: bytes) -> SendResult | dict[str, Any]:
        """Send the bytes of a message."""
        return self.send_message(msg, from_addr, to_addrs)

    def _answer(self, result: SendResult) -> SendResult | dict[str, Any]:
        return result if self._return_response else {}

    def __enter__(self) -> "Postmark":
        """Return the sender."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close its connections."""
        self.client.close()


class AsyncPostmark:
    """The same, awaited."""

    def __init__(
        self, api_token: str | None = None, *, return_response: bool = True, **options: Unpack[ClientOptions]
    ) -> None:
        """Make a sender; the options are those of the client."""
        self.client = AsyncApiClient(api_token, **options)
        self._return_response = return_response

    async def deliver(self, message: object) -> SendResult | dict[str, Any]:
        """Send a message to those that its headers name. Raises as the client does."""
        letter = read_letter(message)
        return self._answer(await self.client.deliver_letter(letter))

    async def send_message(
        self, msg: object, from_addr: str | None = None, to_addrs: str | Sequence[str] | None = None
    ) -> SendResult | dict[str, Any]:
        """Send a message; with ``to_addrs`` to those only."""
        return self._answer(await self.client.deliver_fields(_addressed(msg, from_addr, to_addrs), letter_of(msg)))

    async def sendmail(self, from_addr: str, to_addrs: str | Sequence[str], msg: bytes) -> SendResult | dict[str, Any]:
        """Send the bytes of a message."""
        return await self.send_message(msg, from_addr, to_addrs)

    def _answer(self, result: SendResult) -> SendResult | dict[str, Any]:
        return result if self._return_response else {}

    async def __aenter__(self) -> "AsyncPostmark":
        """Return the sender."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close its connections."""
        await self.client.close()


def letter_of(message: object) -> Letter:
    """Return a message to note the answer on; one of its own for bytes."""
    return read_letter(message)
