"""A tour of PyPI's postmark-python. Each step names the endpoint that it needs; what it saw goes out as JSON."""

import json
import sys
from collections.abc import Callable
from typing import Any

import postmark.sync as postmark
from postmark.exceptions import PostmarkAPIException
from postmark.models.servers import ServerColor
from postmark.models.streams import MessageStreamType
from pydantic import ValidationError

AT: dict[str, Any] = json.loads(sys.argv[1])
URL = f"http://{AT['host']}:{AT['port']}"
SEEN: dict[str, Any] = {}
KEPT: dict[str, Any] = {}


def server_client(token: str) -> Any:
    """Return a client of a server."""
    return postmark.ServerClient(token, base_url=URL, timeout=30)


def account_client(token: str) -> Any:
    """Return a client of an account."""
    return postmark.AccountClient(token, base_url=URL, timeout=30)


client, account = server_client(AT["server_token"]), account_client(AT["account_token"])


def told(one: Any) -> list[Any]:
    """Return what is told of a message."""
    return [one.subject, one.tag, one.message_stream, one.recipients]


def step(label: str, run: Callable[[], Any]) -> None:
    """Run a step and keep what it saw."""
    try:
        SEEN[label] = run()
    except PostmarkAPIException as error:
        recipients = getattr(error, "inactive_recipients", None)
        SEEN[label] = {"refused": error.error_code, "class": type(error).__name__, "recipients": recipients}
    except ValidationError as error:
        SEEN[label] = {"asks for": sorted({str(one["loc"][-1]) for one in error.errors()})}
    except (AttributeError, LookupError, TypeError) as error:
        SEEN[label] = {"broken": repr(error)}


def keep(name: str, one: Any) -> Any:
    """Keep what a later step asks for."""
    KEPT[name] = one.id
    return one


MAIL = {"sender": "shop@example.com", "to": "ann@example.org", "subject": "Hi", "text_body": "Hello"}
PAGE = {"count": 10, "offset": 0}
KEY = AT["name"]
DOMAIN = f"{KEY}.example.com"
BODY = {"html_body": "<b>{{name}}</b>", "text_body": "{{name}}", "subject": "{{name}}"}
MADE = {"sender": MAIL["sender"], "to": MAIL["to"], "template_alias": "tea", "template_model": {"name": "Ann"}}


def sending() -> None:
    """Send, singly and in batches."""
    step("send", lambda: client.outbound.send(MAIL).message)
    step("send to inactive", lambda: client.outbound.send({**MAIL, "to": AT["bounced"]}))
    step("send on no stream", lambda: client.outbound.send({**MAIL, "message_stream": "nowhere"}))
    step("wrong token", lambda: server_client("nonsense").outbound.send(MAIL))
    step("batch", lambda: [
        one.error_code for one in client.outbound.send_batch([MAIL, {**MAIL, "to": "bob@example.org"}])
    ])  # fmt: skip


def bouncing() -> None:
    """Read the bounce page and reactivate."""
    bounces = client.bounces
    step("bounce counts", lambda: bounces.get_delivery_stats().inactive_mails)

    def listed() -> Any:
        page = bounces.list(**PAGE)
        return [page.total, page.items[0].type.value, page.items[0].email]

    step("bounces", listed)
    step("bounce", lambda: bounces.get(AT["bounce"]).inactive)
    step("bounce dump", lambda: len(bounces.get_dump(AT["bounce"]).body) > 0)
    step("reactivate", lambda: bounces.activate(AT["bounce"]).bounce.inactive)
    step("no bounce", lambda: bounces.get(1))


def templates() -> None:
    """Make templates, send with them, push and remove them."""
    own = client.templates
    layout = {"name": "L", "alias": "lay", "template_type": "Layout", "html_body": "{{{@content}}}",
              "text_body": "{{{@content}}}"}  # fmt: skip
    step("layout", lambda: str(own.create(layout).template_type.value))
    step("template", lambda: own.create({"name": "T", "alias": "tea", "layout_template": "lay", **BODY}).alias)  # fmt: skip
    step("show template", lambda: own.get("tea").subject)
    step("edit template", lambda: own.edit("tea", {"name": "Tea"}).name)
    step("templates", lambda: own.list(**PAGE).total)

    def validated() -> Any:
        found = own.validate({**BODY, "test_render_model": {"name": "Ann"}})
        return [found.all_content_is_valid, found.subject.rendered_content]

    step("validate", validated)
    nope = {**MADE, "template_alias": "nope"}
    step("send template", lambda: client.outbound.send_with_template(MADE).message)
    step("send no template", lambda: client.outbound.send_with_template(nope))
    step("template batch", lambda: [
        one.error_code for one in client.outbound.send_batch_with_template([MADE, MADE])
    ])  # fmt: skip
    step("push", lambda: [
        one.action
        for one in account.templates.push(
            {"source_server_id": str(AT["server_id"]), "destination_server_id": str(AT["other_id"]), "perform_changes": True}
        ).templates
    ])  # fmt: skip
    step("delete template", lambda: own.delete("tea").error_code)

    def bulk() -> Any:
        sent = client.outbound.send_bulk(
            {"sender": MAIL["sender"], "subject": "Hi", "text_body": "Hello", "message_stream": "broadcast",
             "messages": [{"to": MAIL["to"]}, {"to": "bob@example.org"}]}
        )  # fmt: skip
        KEPT["bulk"] = sent.id
        return sent.status.value if hasattr(sent.status, "value") else sent.status

    step("bulk", bulk)
    step("bulk status", lambda: client.outbound.get_bulk_status(KEPT["bulk"]).total_messages)


def streams() -> None:
    """Streams and their suppressions."""
    own, lifted = client.stream, ["carl@example.org"]
    step("stream", lambda: own.create("news", "News", MessageStreamType.BROADCASTS).id)
    step("streams", lambda: own.list().total)
    step("show stream", lambda: own.get("news").name)
    step("edit stream", lambda: own.edit("news", name="Old").name)
    step("archive", lambda: own.archive("news").id)
    step("unarchive", lambda: own.unarchive("news").archived_at)
    step("no stream", lambda: own.get("nowhere"))
    step("suppress", lambda: client.suppressions.create("outbound", lifted)[0].status)
    step("suppressions", lambda: [
        one.email_address for one in client.suppressions.dump("outbound", email_address="carl@example.org")
    ])  # fmt: skip
    step("lift", lambda: client.suppressions.delete("outbound", lifted)[0].status)


def webhooks() -> None:
    """Webhooks and inbound rules."""
    own, rules = client.webhooks, client.inbound_rules
    triggers = {"Open": {"Enabled": True, "PostFirstOpenOnly": True}}
    step("webhook", lambda: keep(
        "hook", own.create("https://example.com/hook", triggers=triggers)).triggers.open.post_first_open_only)  # fmt: skip
    step("webhooks", lambda: len(own.list()))
    step("show webhook", lambda: own.get(KEPT["hook"]).url)
    step("edit webhook", lambda: own.edit(KEPT["hook"], url="https://example.com/new").url)
    step("delete webhook", lambda: own.delete(KEPT["hook"]).error_code)
    step("no webhook", lambda: own.get(KEPT["hook"]))
    step("rule", lambda: keep("rule", rules.create("bad@example.org")).rule)
    step("rules", lambda: rules.list(**PAGE).total)
    step("delete rule", lambda: rules.delete(KEPT["rule"]).message)


def messages() -> None:
    """What was sent and received, opened and clicked."""
    sent, received = client.outbound, client.inbound
    step("messages", lambda: sent.list(**PAGE, recipient="ann@example.org").items[0].recipients)  # fmt: skip
    step("submitted", lambda: told(sent.list(**PAGE, recipient=AT["submitted"]).items[0]))
    step("message", lambda: [one.type.value for one in sent.get(AT["message"]).message_events])
    step("dump", lambda: "Subject: " in sent.get_dump(AT["message"]).body)
    step("no message", lambda: sent.get("123"))
    step("received", lambda: received.list(**PAGE).items[0].subject)
    step("received one", lambda: received.get(AT["inbound"]).subject)
    step("bypass", lambda: received.bypass(AT["inbound"]))
    step("retry", lambda: received.retry(AT["inbound"]))
    step("opens", lambda: sent.list_opens(**PAGE).items)
    step("opens of one", lambda: sent.list_message_opens(AT["message"], **PAGE).total)
    step("clicks", lambda: sent.list_clicks(**PAGE).items)
    step("clicks of one", lambda: sent.list_message_clicks(AT["message"], **PAGE).total)


def stats() -> None:
    """Every count."""
    own = client.stats
    step("stats", lambda: own.overview().bounced)
    step("sends", lambda: own.sent_counts().sent > 0)
    step("bounced", lambda: own.bounce_counts().hard_bounce)
    step("complaints", lambda: own.spam_counts().spam_complaint)
    step("tracked", lambda: own.tracked_counts().tracked)
    step("opened", lambda: own.open_counts().opens)
    step("platforms", lambda: own.platform_usage().desktop)
    step("programs", lambda: own.email_client_usage().days)
    step("read times", lambda: own.read_times().days)
    step("clicked", lambda: own.click_counts().clicks)
    step("browsers", lambda: own.browser_usage().days)
    step("click platforms", lambda: own.browser_platform_usage().desktop)
    step("click places", lambda: own.click_location().html)


def servers() -> None:
    """The own server, and those of the account."""
    own, name = account.server, f"{KEY} new"
    step("server", lambda: client.server.get().name)
    step("edit server", lambda: client.server.edit(color=ServerColor.RED).color.lower())
    step(
        "new server",
        lambda: len(keep("server", own.create(name=name, color=ServerColor.BLUE)).api_tokens),
    )
    step("servers", lambda: own.list(**PAGE, name=name).total)
    step("show server", lambda: own.get(KEPT["server"]).color.lower())
    step("edit other server", lambda: own.edit(KEPT["server"], track_opens=True).track_opens)
    step("delete server", lambda: own.delete(KEPT["server"]).error_code)
    step("no server", lambda: own.get(KEPT["server"]))
    step("wrong account token", lambda: account_client("nonsense").server.list())


def domains() -> None:
    """Domains of the account."""
    own = account.domain
    step("domain", lambda: keep("domain", own.create(DOMAIN)).dkim_update_status)
    step("domains", lambda: any(one.name == DOMAIN for one in own.list(**PAGE).items))
    step("show domain", lambda: own.get(KEPT["domain"]).name == DOMAIN)
    step("edit domain", lambda: own.edit(KEPT["domain"], return_path_domain=f"pm.{DOMAIN}").return_path_domain == f"pm.{DOMAIN}")  # fmt: skip
    step("verify DKIM", lambda: own.verify_dkim(KEPT["domain"]).dkim_verified)
    step("verify return path", lambda: own.verify_return_path(KEPT["domain"]).return_path_domain_verified)  # fmt: skip
    step("verify SPF", lambda: own.verify_spf(KEPT["domain"]).spf_verified)
    step("rotate", lambda: own.rotate_dkim(KEPT["domain"]))
    step("delete domain", lambda: own.delete(KEPT["domain"]).error_code)
    step("no domain", lambda: own.get(KEPT["domain"]))


def senders() -> None:
    """Sender signatures, and data removals."""
    own = account.signature
    step("sender", lambda: keep("sender", own.create(f"joe@{KEY}.example.net", "Joe")).confirmed)
    step("senders", lambda: own.list(**PAGE).total > 0)
    step("show sender", lambda: own.get(KEPT["sender"]).name)
    step("edit sender", lambda: own.edit(KEPT["sender"], "Joseph").name)
    step("resend", lambda: own.resend_confirmation(KEPT["sender"]).error_code)
    step("verify sender SPF", lambda: own.verify_spf(KEPT["sender"]).spf_verified)
    step("renew sender DKIM", lambda: own.request_new_dkim(KEPT["sender"]))
    step("delete sender", lambda: own.delete(KEPT["sender"]).error_code)
    step("no sender", lambda: own.get(KEPT["sender"]))
    step("removal", lambda: keep(
        "removal", account.data_removals.create("me@example.com", "gone@example.org", False)).id > 0)  # fmt: skip
    step("removal status", lambda: account.data_removals.get(KEPT["removal"]).id == KEPT["removal"])  # fmt: skip


if __name__ == "__main__":
    for part in (sending, bouncing, templates, streams, webhooks, messages, stats, servers, domains, senders):
        part()
    print(json.dumps(SEEN, default=str))
