"""A reply is sent when the request is on the disk, and never before: a power cut loses nothing acknowledged."""

import re
from pathlib import Path

from support.load import sending
from support.serving import poll, serving
from support.tracing import needs_strace, traced

CALLS = "trace=read,recvfrom,recvmsg,readv,writev,fdatasync,write,sendto,sendmsg"
NAME = re.compile(r"\d+/\d+/0")
LINE = re.compile(r"^(\d+) +(?:<\.\.\. (\w+) resumed>)?(.*)$")


def joined(lines: list[str]) -> list[str]:
    """Each call as one line, at the time of its end."""
    begun: dict[str, str] = {}
    calls = []
    for line in lines:
        thread, resumed, rest = LINE.match(line).groups()  # type: ignore[union-attr]
        if rest.endswith("<unfinished ...>"):
            begun[thread] = rest.removesuffix("<unfinished ...>")
        else:
            calls.append(begun.pop(thread, "") + rest if resumed else rest)
    return calls


@needs_strace
def test_each_request_is_synced_before_its_reply(tmp_path: Path) -> None:
    trace = tmp_path / "strace"
    with serving(tmp_path / "data") as service:
        poll(service.ready)
        with (
            traced(service.receiver().pid, trace, "-s", "100000", "-e", CALLS),
            sending(service.stated["otlp_http"]) as senders,
        ):
            poll(lambda: len(senders.acknowledged) > 500)
    asked: dict[str, str] = {}
    written: set[str] = set()
    synced: set[str] = set()
    replies = 0
    for call in joined(trace.read_text().splitlines()):
        where = call.partition("<")[2].partition(">")[0]
        if ".segment" in where:
            written |= set(NAME.findall(call)) if call.startswith("writev") else set()
            if call.startswith("fdatasync") and call.endswith("= 0"):
                synced |= written
        elif names := NAME.findall(call):
            asked[where] = names[0]
        elif "HTTP/1.1 200" in call:
            assert asked.pop(where) in synced
            replies += 1
    assert replies * 5 >= len(senders.acknowledged)
    assert replies > 100
