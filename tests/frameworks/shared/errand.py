"""What every agent here is asked to do, and the two tools it is given."""

import urllib.request
from pathlib import Path

AGENT = "invoice-assistant"
INSTRUCTIONS = "You help with invoices."
TASK = "Read inbox/invoice.txt and summarise it."


def read_file(path: str) -> str:
    """Read a text file.

    Args:
        path: The path of the file.
    """
    return Path(path).read_text()


def http_post(url: str, body: str) -> str:
    """POST a body to a URL.

    Args:
        url: The URL.
        body: The body.
    """
    with urllib.request.urlopen(url, body.encode(), timeout=10) as answer:
        return f"HTTP {answer.status} {answer.reason}"
