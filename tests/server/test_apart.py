"""A part of the server as a process of its own: what it is asked, what it cannot be asked, and how it ends."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.waiting import eventually

BEGIN = """
import asyncio, contextlib, os, signal, sys, time
from carom.server.apart import Apart, Outcome

def double(asked):
    outcomes = []
    for one in asked:
        if one == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if one == "slow":
            time.sleep(0.3)
        if one == "fail":
            outcomes.append(Outcome(None, KeyError("no", 7)))
        elif one == "odd":
            outcomes.append(Outcome(lambda: None))
        else:
            outcomes.append(Outcome(one * 2))
    return outcomes

@contextlib.contextmanager
def start():
    yield double
    print("closed", flush=True)

async def ask():
    apart = Apart("double", start, most=4)
"""


def run(body: str, *, status: int = 0) -> str:
    """Run a program of its own, since parts are forked before there are threads; return what it printed."""
    program = textwrap.dedent(BEGIN) + textwrap.indent(textwrap.dedent(body), "    ") + "\nasyncio.run(ask())\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status, done.stderr
    return done.stdout


def test_many_answers_come_in_the_order_of_what_was_asked_and_it_closes_at_the_end() -> None:
    said = run("""
        found = await asyncio.gather(*(apart.put(number) for number in range(1000)))
        print(found == [2 * number for number in range(1000)])
        await apart.close()
    """)
    assert said == "True\nclosed\n"


def test_what_is_larger_than_any_buffer_goes_both_ways() -> None:
    said = run("""
        small, large, last = await asyncio.gather(apart.put(b"a"), apart.put(b"x" * 40_000_000), apart.put(b"b"))
        print(small, len(large), last)
        await apart.close()
    """)
    assert said == "b'aa' 80000000 b'bb'\nclosed\n"


def test_an_error_is_its_callers_alone_and_tells_where_it_was_raised() -> None:
    said = run("""
        first, error, last = await asyncio.gather(apart.put(1), apart.put("fail"), apart.put(2), return_exceptions=True)
        print(first, type(error).__name__, error.args, last)
        await apart.close()
    """)
    assert said == "2 KeyError ('no', 7) 4\nclosed\n"


def test_what_cannot_go_there_or_come_back_is_its_callers_error_alone() -> None:
    said = run("""
        asked = (apart.put(1), apart.put(lambda: None), apart.put("odd"), apart.put(2))
        first, there, back, last = await asyncio.gather(*asked, return_exceptions=True)
        print(first, "pickle" in str(there), "pickle" in str(back), last)
        await apart.close()
    """)
    assert said == "2 True True 4\nclosed\n"


def test_a_caller_who_waits_no_longer_keeps_nobody_from_an_answer() -> None:
    said = run("""
        gone = apart.put("slow")
        stays = apart.put(21)
        await asyncio.sleep(0.05)
        gone.cancel()
        print(await stays)
        await apart.close()
    """)
    assert said == "42\nclosed\n"


def test_to_close_it_is_to_wait_for_what_it_was_asked() -> None:
    said = run("""
        slow = apart.put("slow")
        await apart.close()
        print(slow.result())
    """)
    assert said == "closed\nslowslow\n"


def test_the_signals_that_end_a_server_are_not_the_parts() -> None:
    said = run("""
        os.kill(apart._pid, signal.SIGTERM)
        os.kill(apart._pid, signal.SIGINT)
        print(await apart.put(3))
        await apart.close()
    """)
    assert said == "6\nclosed\n"


def test_a_server_that_loses_a_part_ends() -> None:
    said = run("""
        await apart.put("die")
        print("never")
    """, status=os.EX_SOFTWARE)  # fmt: skip
    assert "never" not in said
    assert "has died" in said


def test_a_part_that_loses_its_server_ends_and_so_do_two() -> None:
    said = run("""
        other = Apart("other", start, most=4)
        print(apart._pid, other._pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """, status=-signal.SIGKILL)  # fmt: skip
    pids, _, closed = said.partition("\n")
    assert sorted(closed.replace("\n", "")) == sorted("closed" * 2)  # they may print at the same time
    eventually(lambda: not [pid for pid in map(int, pids.split()) if _lives(pid)], what="the end of both")


def _lives(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    return False
