"""Mustachio, the language of Postmark's templates: read once, rendered many times.

No partials, no helpers, no ``if``; a path is never looked up in an outer scope. Any text reads to tokens and faults, and
rendering spends a budget, so neither a hostile template nor a hostile model can hold the server.
Source: https://github.com/ActiveCampaign/mustachio and https://postmarkapp.com/support/article/1077-template-syntax.
"""

from carom.server.rules.mustachio.program import Budget, Program, RenderFailed, compile_tokens
from carom.server.rules.mustachio.suggest import merge, suggest
from carom.server.rules.mustachio.tokens import Fault, Source, expand, read

__all__ = [
    "Budget",
    "Fault",
    "Program",
    "RenderFailed",
    "Source",
    "compile_tokens",
    "expand",
    "merge",
    "read",
    "suggest",
]
