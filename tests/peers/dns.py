"""A name server on loopback, made of dnspython's messages: it answers what a test has it say, over UDP and TCP."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Generator
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from carom.server.config import HostPort
from tests.peers.ports import free_port

LARGEST_UDP = 1232


class NameServer:
    """What there is: texts, aliases and mail exchangers by name. ``asked`` is what was asked for; ``silent`` answers nothing."""

    def __init__(self, at: HostPort) -> None:
        self.at = at
        self.texts: dict[str, list[str]] = {}
        self.aliases: dict[str, str] = {}
        self.exchangers: dict[str, list[str]] = {}
        self.asked: list[tuple[str, str]] = []
        self.silent = False

    def answer(self, wire: bytes, *, udp: bool) -> bytes | None:
        """Answer one question."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = question.name.to_text().rstrip(".").lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if self.silent:
            return None
        reply = dns.message.make_response(query, recursion_available=True)
        if kind == "TXT":
            for text in self.texts.get(name, ()):
                reply.answer.append(_record(name, "TXT", _quoted(text)))
        elif kind == "CNAME" and name in self.aliases:
            reply.answer.append(_record(name, "CNAME", f"{self.aliases[name]}."))
        elif kind == "MX":
            for place, host in enumerate(self.exchangers.get(name, ())):
                reply.answer.append(_record(name, "MX", f"{10 * (place + 1)} {host}."))
        if not any(name in records for records in (self.texts, self.aliases, self.exchangers)):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        if udp and len(reply.to_wire(max_size=65535)) > LARGEST_UDP:
            reply.answer.clear()
            reply.flags |= dns.flags.TC
        return reply.to_wire(max_size=65535)


def _record(name: str, kind: str, text: str) -> Any:
    return dns.rrset.from_text(f"{name}.", 60, "IN", kind, text)


def _quoted(text: str) -> str:
    """Cut a text into the strings of at most 255 octets that a record holds."""
    return " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))


@contextlib.contextmanager
def running_nameserver() -> Generator[NameServer]:
    """Run a name server on loopback."""
    server = NameServer(HostPort("127.0.0.1", free_port()))

    class Datagram(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, sock = self.request
            answer = server.answer(wire, udp=True)
            if answer is not None:
                sock.sendto(answer, self.client_address)

    class Stream(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            length = int.from_bytes(self.rfile.read(2), "big")
            answer = server.answer(self.rfile.read(length), udp=False)
            if answer is not None:
                self.wfile.write(len(answer).to_bytes(2, "big") + answer)

    class Udp(socketserver.ThreadingUDPServer):
        address_family = socket.AF_INET
        daemon_threads = True

    class Tcp(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    running = [Udp(server.at, Datagram), Tcp(server.at, Stream)]
    threads = [threading.Thread(target=one.serve_forever, args=(0.05,), daemon=True) for one in running]
    for thread in threads:
        thread.start()
    try:
        yield server
    finally:
        for one in running:
            one.shutdown()
            one.server_close()
