"""What rendering a template costs, beside chevron (``pip install chevron``), which reads its template at each render.

Both are given a receipt of text, values, a condition and a list, in the language of each. Time is CPU time of this process; the
runs take turns.
"""

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import chevron

from carom.server.rules.mustachio import compile_tokens, read

ROUNDS = 9
RENDERS = 2_000

OURS = """<h1>Hello {{ name }}</h1>
<p>Thank you for your order {{ order.id }} of {{ order.date }}.</p>
{{#order.gift}}<p>With love from {{ ../../name }}</p>{{/order.gift}}{{^paid}}<p>Please pay.</p>{{/paid}}
<table>{{#each lines}}<tr><td>{{ title }}</td><td>{{ amount }}</td></tr>{{/each}}</table>
<p>{{{ footer }}}</p>"""
THEIRS = OURS.replace("{{#each lines}}", "{{#lines}}").replace("{{/each}}", "{{/lines}}").replace("../../name", "name")
MODEL: dict[str, Any] = {
    "name": "Ann & Co",
    "order": {"id": 4711, "date": "2026-11-23", "gift": True},
    "paid": False,
    "lines": [{"title": f"Thing <{number}>", "amount": f"{number}.00"} for number in range(5)],
    "footer": "<b>Shop</b>",
}


def microseconds(render: Callable[[], str]) -> float:
    """Return the CPU time of one render."""
    begun = time.process_time()
    for _ in range(RENDERS):
        render()
    return (time.process_time() - begun) / RENDERS * 1e6


def main() -> None:
    """Measure in turn and print medians."""
    program = compile_tokens(read(OURS), escaping=True)

    def ours() -> str:
        return program.render(MODEL)

    def whole() -> str:
        return compile_tokens(read(OURS), escaping=True).render(MODEL)

    def theirs() -> str:
        return chevron.render(THEIRS, MODEL)

    if ours() != theirs():
        raise SystemExit(f"the two do not render the same:\n{ours()}\n{theirs()}")
    rounds = [(microseconds(ours), microseconds(whole), microseconds(theirs)) for _ in range(ROUNDS)]
    compiled, uncompiled, peer = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"compiled         {compiled:7.1f} us a render, {1e6 / compiled:9,.0f}/s")
    print(f"compiled anew    {uncompiled:7.1f} us a render, {1e6 / uncompiled:9,.0f}/s")
    print(f"chevron          {peer:7.1f} us a render, {1e6 / peer:9,.0f}/s")
    ratios = {"vs_chevron": round(peer / compiled, 2), "compiled_anew_vs_chevron": round(peer / uncompiled, 2)}
    print(json.dumps({"suite": "templates", "ratios": ratios}))


if __name__ == "__main__":
    main()
