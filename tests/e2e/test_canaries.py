"""Security row 26: a secret that goes in by any way comes out nowhere: not in the log at its wordiest, in metrics, in what an
error says, in the list of processes, in carom config or carom doctor."""

import base64
import contextlib
import os
import smtplib
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from uuid import uuid4

from carom import ApiClient
from tests.e2e.bouncing import at_test_domain, bounce_of
from tests.e2e.test_serve import Serving
from tests.peers.ports import free_port
from tests.peers.receiver import running_receiver
from tests.waiting import eventually


def canary() -> str:
    """Return a text that occurs nowhere else."""
    return f"canary-{uuid4().hex}"


def said(url: str, **headers: str) -> str:
    """Ask for something with a bad token, and return all that is answered."""
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return f"{answer.headers}{answer.read().decode()}"
    except urllib.error.HTTPError as error:
        return f"{error.headers}{error.read().decode()}"


def log_in(host: str, port: int, user: str, password: str) -> str:
    """Try to log in in each way, and return what is answered."""
    answers = ""
    for login in ("auth_plain", "auth_login", "auth_cram_md5"):
        with smtplib.SMTP(host, port, timeout=30) as smtp, contextlib.suppress(smtplib.SMTPServerDisconnected):
            smtp.ehlo()
            smtp.user, smtp.password = user, password
            mechanism = login.removeprefix("auth_").upper().replace("_", "-")
            try:
                smtp.auth(mechanism, getattr(smtp, login))
            except smtplib.SMTPException as error:
                answers += str(error)
    return answers


def test_a_secret_that_goes_in_comes_out_nowhere(tmp_path: Path) -> None:
    """Tokens good and bad, logins by SMTP, a hook's password and headers, a relay's password."""
    server_token, account_token = str(uuid4()), str(uuid4())
    bad, wrong, hook, header, relay = (canary() for _ in range(5))
    secret = uuid4().hex * 2
    environment = {
        "CAROM_SERVER_TOKEN": server_token,
        "CAROM_ACCOUNT_TOKEN": account_token,
        "CAROM_SECRET": f"a:{secret}",
        "CAROM_RELAY_PASSWORD": relay,
    }
    out = ""
    with running_receiver() as receiver:
        serving = Serving(tmp_path, "--log-level", "debug", **environment)
        url = serving.http
        ready = next(line for line in serving.lines if line.startswith("ready "))
        smtp_host, _, smtp_port = ready.partition("smtp=")[2].partition(" ")[0].rpartition(":")
        with ApiClient(server_token, base_url=url) as client:
            client.create_webhook(
                url=f"{receiver.url}/hook",
                triggers={"Bounce": {"Enabled": True}},
                http_auth={"Username": "ann", "Password": hook},
                http_headers=[{"Name": "X-Key", "Value": header}],
            )
            sent = client.deliver(from_="a@example.com", to=at_test_domain("hardbounce"), text_body="Hello")
            assert sent.message_id is not None
            bounce_of(client, sent.message_id)
        told = eventually(lambda: receiver.of("/hook"), what="the hook to be told")
        assert base64.b64encode(f"ann:{hook}".encode()).decode() in told[0].headers["authorization"]
        assert told[0].headers["x-key"] == header
        for name in ("X-Postmark-Server-Token", "X-Postmark-Account-Token"):
            out += said(f"{url}/bounces", **{name: bad})
            out += said(f"{url}/servers?x={wrong}", **{name: account_token})
        out += log_in(smtp_host, int(smtp_port), server_token, wrong)
        out += log_in(smtp_host, int(smtp_port), bad, bad)
        out += said(f"{url}/metrics") + said(f"{url}/readyz")
        out += Path(f"/proc/{serving.process.pid}/cmdline").read_text()
        assert serving.stop() == 0
    log = "".join(serving.lines).partition("export POSTMARK_API_URL")[2]
    assert "request_id=" in log, "the log is at its wordiest"
    flags = ["--mode", "relay", "--relay", f"smtp://me@127.0.0.1:{free_port()}?tls=none", "--data", str(tmp_path)]
    for command in ("config", "doctor"):
        done = subprocess.run(
            [sys.executable, "-m", "carom", command, *flags, "--database", f"sqlite:///{tmp_path}/carom.db"],
            capture_output=True, text=True, check=False, timeout=120, env={**os.environ, **environment},
        )  # fmt: skip
        assert "127.0.0.1" in done.stdout, done.stderr
        out += done.stdout + done.stderr
    shown = f"export POSTMARK_API_TOKEN={server_token}", f"export POSTMARK_ACCOUNT_TOKEN={account_token}"
    for line in shown:  # once, to whoever starts it first; tokens from the environment are nobody's news
        log = log.replace(line, "")
    for found in (server_token, account_token, bad, wrong, hook, header, relay, secret):
        for form in (found, base64.b64encode(found.encode()).decode().rstrip("=")):
            assert form not in out
            assert form not in log


def test_the_store_holds_no_token_that_can_be_read(tmp_path: Path) -> None:
    """Row 6: a hash to look it up and a ciphertext to show it; a hook's password is sealed too."""
    token, hook = str(uuid4()), canary()
    serving = Serving(tmp_path, CAROM_SERVER_TOKEN=token)
    with ApiClient(token, base_url=serving.http) as client:
        client.create_webhook(
            url="http://127.0.0.1:1/",
            triggers={"Bounce": {"Enabled": True}},
            http_auth={"Username": "a", "Password": hook},
        )
    assert serving.stop() == 0
    store = sqlite3.connect(tmp_path / "carom.db")
    dump = "\n".join(store.iterdump())
    store.close()
    assert "server_token" in dump
    for text in (token, hook):
        assert text not in dump
        assert text.encode().hex().upper() not in dump
