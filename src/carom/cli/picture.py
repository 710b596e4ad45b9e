"""A decision as a picture in the terminal: the parts of the mail, what was found, the rule, the type, what it would do."""

from functools import cache

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from carom.bounce import Event, Report, Rules
from carom.bounce.mime import read_mail
from carom.bounce.rulebook import builtin_rules, rules_of
from carom.cli.mails import Source

READERS = {
    "dsn": "delivery status fields (RFC 3464)",
    "feedback": "feedback report (RFC 5965)",
    "notice": "notice or answer of a program or person",
    "prose": "text of a mail system",
    "": "nothing that came back",
}
COLOURS = {"HardBounce": "red", "SpamComplaint": "red", "SoftBounce": "yellow", "Transient": "yellow"}


def show(source: Source, report: Report, own: Rules | None) -> None:
    """Print the picture of one mail."""
    name = str(source.file) if source.number is None else f"{source.file} #{source.number}"
    tree = Tree(f"[bold]{escape(name)}[/bold]")
    tree.add(f"parts: {escape(_parts(source.raw))}")
    tree.add(f"read as: {READERS[report.reader]}")
    if report.delivered:
        tree.add(f"delivered: {escape(', '.join(report.delivered))}")
    for event in report.events:
        _add(tree, event, own)
    Console(highlight=False).print(tree)


def _parts(raw: bytes) -> str:
    mail = read_mail(raw)
    kinds = [part.type for part in mail.parts]
    shown = ", ".join(kinds[:8]) + (f" and {len(kinds) - 8} more" if len(kinds) > 8 else "")
    return f"{mail.type}: {shown}" if mail.type.startswith("multipart/") else shown


def _add(tree: Tree, event: Event, own: Rules | None) -> None:
    colour = COLOURS.get(event.type, "green")
    said = f" {event.action}" if event.action else ""
    branch = tree.add(f"[bold]{escape(event.recipient or 'nobody named')}[/bold]{said}")
    for line in (_sent_to(event), _codes(event), _hosts(event)):
        if line:
            branch.add(escape(line))
    if event.diagnostic:
        branch.add(f"[dim]{escape(event.diagnostic[:300])}[/dim]")
    branch.add(escape(f"rule {event.rule}{_matched(event)}{_source(event.rule, own)}"))
    branch.add(f"[{colour}]{event.type}[/{colour}]: {_effect(event)}")


def _sent_to(event: Event) -> str:
    differs = event.original_recipient and event.original_recipient != event.recipient
    return f"sent to {event.original_recipient}" if differs else ""


def _codes(event: Event) -> str:
    return " ".join(str(code) for code in (event.reply, event.status) if code)


def _hosts(event: Event) -> str:
    told = (("remote", event.remote_mta), ("reported by", event.reporting_mta))
    return ", ".join(f"{label} {host}" for label, host in told if host)


def _matched(event: Event) -> str:
    return f', matched "{event.matched}"' if event.matched else ""


@cache
def _sources() -> dict[str, str]:
    groups = (builtin_rules(), rules_of("feedback"), rules_of("notices"), rules_of("autoreplies"))
    return {rule.id: rule.source for group in groups for rule in group}


def _source(rule_id: str, own: Rules | None) -> str:
    source = _sources().get(rule_id) or next((rule.source for rule in own or () if rule.id == rule_id), "")
    return f" ({source})" if source else ""


def _effect(event: Event) -> str:
    """Say what the event would do to the address if it is proved to be ours."""
    suppresses = event.type.suppresses
    return f"suppresses the address ({suppresses.reason})" if suppresses else "leaves the address active"
