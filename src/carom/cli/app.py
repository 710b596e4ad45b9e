"""The tree of commands. A command is a line with the place of its function, so that calling one imports no other."""

import sys
from typing import Annotated, Any

import cyclopts
from cyclopts import Parameter

from carom import __version__
from carom.cli.configuration import from_file

app = cyclopts.App(
    name="carom",
    version=__version__,
    help="What happens to mail after you press send: send it, see it bounce, read why, reactivate the address.",
    config=[cyclopts.config.Env("CAROM_", command=False), from_file],
)

app.command("carom.cli.serve:serve")
app.command("carom.testing.demo:demo")
app.command("carom.cli.send:send")
app.command("carom.cli.parse:parse")
app.command("carom.cli.migrate:migrate")
app.command("carom.cli.dns:dns")
app.command("carom.cli.config:config")
app.command("carom.cli.doctor:doctor")

bounces = cyclopts.App(name="bounces", help="List bounces, read why, see the dump, reactivate the address.")
for name in ("stats", "list", "show", "dump", "activate"):
    bounces.command(f"carom.cli.bounces:{name}_", name=name)
app.command(bounces)

rules = cyclopts.App(name="rules", help="The rules that decide what a bounce is.")
for name, function in (("list", "list_"), ("test", "check"), ("explain", "explain")):
    rules.command(f"carom.cli.rules:{function}", name=name)
app.command(rules)

senders = cyclopts.App(name="senders", help="Who may send.")
senders.command("carom.cli.senders:allow")
app.command(senders)

queue = cyclopts.App(name="queue", help="The mail that waits: see it, pause it, try it now, cancel it.")
for name, function in (
    ("list", "list_"),
    ("show", "show"),
    ("pause", "pause"),
    ("resume", "resume"),
    ("retry", "retry"),
    ("cancel", "cancel"),
    ("limit", "limit"),
):
    queue.command(f"carom.cli.queue:{function}", name=name)
app.command(queue)

smtp_tokens = cyclopts.App(name="smtp-tokens", help="Access and secret keys for submission by SMTP.")
for name, function in (("create", "create"), ("list", "list_"), ("revoke", "revoke")):
    smtp_tokens.command(f"carom.cli.smtp_tokens:{function}", name=name)
app.command(smtp_tokens)

webhooks = cyclopts.App(name="webhooks", help="What was posted to hooks: see it, post it again, check its signature.")
for name, function in (("list", "list_"), ("attempts", "attempts"), ("replay", "replay"), ("secret", "secret")):
    webhooks.command(f"carom.cli.webhooks:{function}", name=name)
app.command(webhooks)

stats = cyclopts.App(name="stats", help="Statistics of sent mail.")
stats.command("carom.cli.stats:rebuild")
app.command(stats)

history = cyclopts.App(name="history", help="Mail of the past: made up for trying, or brought from elsewhere.")
history.command("carom.cli.history:generate")
history.command("carom.cli.history:import_", name="import")
app.command(history)


@app.meta.default
def run(*tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)]) -> Any:
    """Run a command; an expected failure is one line on stderr and exit status 1."""
    try:
        return app(tokens, print_error=False, exit_on_error=False)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except _expected_errors() as error:
        print(f"carom: {error}", file=sys.stderr)
        sys.exit(1)


def _expected_errors() -> tuple[type[Exception], ...]:
    """Return the failures that are told in a line: those whose modules are loaded could have been raised."""
    places = (
        ("carom.client.errors", "Error"),
        ("carom.server.config", "BadSetting"),
        ("carom.cli.problems", "Problem"),
    )
    raised = (getattr(sys.modules[module], name) for module, name in places if module in sys.modules)
    return (cyclopts.CycloptsError, *raised)
