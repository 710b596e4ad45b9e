"""``carom parse``: what the bounce engine makes of mails in files."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from carom.bounce import Event, Report, RuleError, Rules, own_rules
from carom.bounce import parse as parse_mail
from carom.cli.mails import Source, files_of, mails_of

MANY = 100
"""From how many files on a run shows its progress."""


def parse(
    *files: Annotated[Path, Parameter(allow_leading_hyphen=True)],
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    rules: Path | None = None,
) -> int:
    """Say what came back: one event a failed, delayed or complaining recipient, and the rule that decided.

    Exits 0 when every file could be read, events or not, 1 otherwise.

    Parameters
    ----------
    files
        Raw mails, folders of them, mbox files, Maildirs, or - for standard input.
    as_json
        Print one JSON object a mail, with an index in an mbox.
    rules
        A rules file of your own (TOML); its rules are tried before the built-in ones.

    """
    try:
        own = own_rules(rules.read_text("utf-8"), str(rules)) if rules else None
    except (OSError, UnicodeDecodeError, RuleError) as e:
        print(f"carom parse: cannot use the rules of {rules}: {e}", file=sys.stderr)
        return 1
    listed = list(files_of(files))
    if not listed:
        print("carom parse: name at least one file, folder, mbox or Maildir, or - for standard input", file=sys.stderr)
        return 1
    unread = 0
    for file in _watched(listed):
        for source in mails_of(file):
            if source.error:
                print(f"carom parse: cannot read {file}: {source.error.strerror}", file=sys.stderr)
                unread += 1
            else:
                _tell(source, parse_mail(source.raw, rules=own), own, as_json=as_json)
    return 1 if unread else 0


def _watched(files: list[Path]) -> Any:
    """Show progress on standard error where a long run would be silent."""
    if len(files) < MANY or not sys.stderr.isatty():
        return files
    from rich.console import Console
    from rich.progress import track

    return track(files, description="reading mails", console=Console(stderr=True))


def _tell(source: Source, report: Report, own: Rules | None, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_object(source, report)))
        return
    from carom.cli.picture import show

    show(source, report, own)


def _object(source: Source, report: Report) -> dict[str, Any]:
    place: dict[str, Any] = {"file": str(source.file)}
    if source.number is not None:
        place["index"] = source.number
    return place | {"events": [event_fields(event) for event in report.events]}


def event_fields(event: Event) -> dict[str, Any]:
    """Return an event as the JSON of ``carom parse`` has it."""
    return {
        "recipient": event.recipient,
        "original_recipient": event.original_recipient,
        "action": event.action,
        "status": event.status,
        "reply": event.reply,
        "diagnostic": event.diagnostic,
        "remote_mta": event.remote_mta,
        "reporting_mta": event.reporting_mta,
        "type": event.type.value,
        "type_code": event.type.code,
        "original_message_id": event.original_message_id,
        "feedback_type": event.feedback_type,
        "rule": event.rule,
    }
