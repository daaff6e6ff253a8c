"""Arguments of a call, as a model wrote them."""

import json
from collections.abc import Mapping


def arguments(given: object) -> Mapping[str, object]:
    """Read arguments that are JSON, or have been read already; what is no object is the tool's one input."""
    try:
        read = json.loads(given) if isinstance(given, str) and given else given
    except (ValueError, RecursionError):
        read = given
    if isinstance(read, Mapping):
        return {str(name): value for name, value in read.items()}
    return {"input": read} if read else {}
