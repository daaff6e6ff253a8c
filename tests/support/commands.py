"""The `sentric` command, run in the process of the test: what it prints and its status, without a start of Python."""

import subprocess
import sys
from unittest.mock import patch

from click.testing import CliRunner

from sentric.cli import main


def sentric(*arguments: object, stdin: bytes = b"", **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run a command that ends by itself and leaves the process as it was: not `serve`."""
    command = ["sentric", *map(str, arguments)]
    status: object = 0
    with CliRunner().isolation(input=stdin, env=environ) as (output, errors, _), patch.object(sys, "argv", command):
        try:
            main()
        except SystemExit as ended:
            status = ended.code or 0
        sys.stdout.flush()
        sys.stderr.flush()
    assert isinstance(status, int)
    return subprocess.CompletedProcess(command, status, output.getvalue().decode(), errors.getvalue().decode())
