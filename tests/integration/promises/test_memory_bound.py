"""Ten thousand open traces in a process that may not have the memory they would take."""

import json
import subprocess
import sys

import pytest

TRACES, SPANS, CONTENT = 10_000, 20, 2_000
ROOM = 128 << 20
"""Bytes that open traces may take: about a fifth of what these would."""

PROGRAM = f"""
import json, resource
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sentric_analyzer.assembly import Assembler, Times
from sentric_analyzer.spans import Arrival, raw_spans

def request(number, first):
    made = ExportTraceServiceRequest()
    scope = made.resource_spans.add().scope_spans.add()
    for trace in range(first, first + 250):
        span = scope.spans.add(trace_id=trace.to_bytes(16, "big"), span_id=(number + 1).to_bytes(8, "big"))
        content = span.attributes.add(key="gen_ai.tool.call.arguments").value
        content.string_value = f"{{trace}} {{number}} ".ljust({CONTENT}, "x")
    return made.SerializeToString()

held = Assembler(Times(2, 120, 60, 3600), max_trace_bytes=64 << 20, max_bytes={ROOM}, clock=lambda: now)
now = 0.0

def rest():
    global now
    now += 7200
    return [len(one.spans) for one in held.due()]

def take(number, first):
    for trace, span in enumerate(raw_spans(request(number, first)), first):
        arrival = Arrival("shop", f"{{trace:032x}}", f"{{number:016x}}", "f" * 16, marked=True)
        held.add(arrival, span, len(span.body))
    return [len(one.spans) for one in held.due()]

take(0, 1 << 40)
rest()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
with open("/proc/self/status") as status:
    data = next(int(line.split()[1]) << 10 for line in status if line.startswith("VmData"))
resource.setrlimit(resource.RLIMIT_DATA, (data + 2 * {ROOM}, data + 2 * {ROOM}))
given = [size for number in range({SPANS}) for first in range(1, {TRACES}, 250) for size in take(number, first)]
told = {{"released": dict(held.released), "size": held.size, "open": len(held)}}
told["grown"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10) - before
given += rest()
print(json.dumps(told))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is limited as Linux does it")
def test_ten_thousand_open_traces_stay_within_their_room() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["released"]["memory"] > 5_000, "what had to give way is counted"
    assert told["size"] <= ROOM
    assert told["grown"] <= ROOM * 1.25, "a batch in hand, and what the allocator keeps"
    assert told["open"] > 5_000
