"""``carom parse``: what the bounce engine makes of mails in files."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from carom.bounce import Event
from carom.bounce import parse as parse_mail


def parse(*files: Path, as_json: Annotated[bool, Parameter(name="--json")] = False) -> int:
    """Say what came back: one event a failed, delayed or complaining recipient, and the rule that decided.

    Parameters
    ----------
    files
        Raw mails.
    as_json
        Print one JSON object a file.

    """
    unread = 0
    for file in files:
        try:
            report = parse_mail(file.read_bytes())
        except OSError as e:
            print(f"carom parse: cannot read {file}: {e.strerror}", file=sys.stderr)
            unread += 1
            continue
        if as_json:
            print(json.dumps({"file": str(file), "events": [event_fields(event) for event in report.events]}))
        else:
            print(file)
            for event in report.events:
                print(f"  {event.recipient}: {event.type} ({event.rule}) {event.diagnostic}")
    return 1 if unread else 0


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
