"""Types that several threads read for the first time at once: msgspec alone crashes the process by that."""

import subprocess
import sys

CODE = """
import sys, threading, msgspec
from carom.wire.learnt import decoder, learn
sys.setswitchinterval(1e-6)
VALUE = {"a": {"on": True}, "b": {"on": False}, "c": [{"on": True}]}
for number in range(200):
    inner = msgspec.defstruct("Inner", [("on", bool, False), ("x", int | None, None)])
    outer = msgspec.defstruct("Outer", [("a", inner), ("c", list[inner]), ("b", inner | None, None)])
    if number % 2:
        learn(outer)
    start = threading.Barrier(4)
    def read():
        start.wait()
        if number % 2:
            msgspec.convert(VALUE, outer)
        else:
            decoder(outer).decode(msgspec.json.encode(VALUE))
    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_types_that_were_learnt_are_read_by_any_thread() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
