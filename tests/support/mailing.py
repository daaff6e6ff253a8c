"""A mail server of a test: it takes every mail, speaking SMTP as RFC 5321 has it."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message


@dataclass
class MailServer:
    """Where it listens, and the mails it took."""

    port: int = 0
    refuses: bool = False
    """Whether nobody is let in: every login is refused."""
    logins: list[str] = field(default_factory=list[str])
    """What was sent to log in."""
    mails: list[Message] = field(default_factory=list[Message])


@contextmanager
def mail_server(*, refuses: bool = False) -> Iterator[MailServer]:
    """A mail server at a free port."""
    found = MailServer(refuses=refuses)

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 mail.test")
            while line := self.rfile.readline():
                verb = line.split()[0].upper() if line.split() else b""
                if verb == b"EHLO":
                    self.say("250-mail.test\r\n250 AUTH PLAIN LOGIN")
                elif verb == b"AUTH":
                    found.logins.append(line.decode().strip())
                    self.say("535 5.7.8 not accepted" if found.refuses else "235 2.7.0 accepted")
                elif verb == b"DATA":
                    self.say("354 go on")
                    self.take()
                    self.say("250 taken")
                elif verb == b"QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 yes")

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def take(self) -> None:
            lines = []
            while (line := self.rfile.readline()) not in {b".\r\n", b""}:
                lines.append(line.removeprefix(b"."))
            found.mails.append(message_from_bytes(b"".join(lines)))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        found.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


def text_of(mail: Message, kind: str) -> str:
    """The part of a mail of one media type."""
    part = next(part for part in mail.walk() if part.get_content_type() == kind)
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()
