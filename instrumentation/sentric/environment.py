"""Sets our defaults, by being imported: `opentelemetry-instrument` does so before it starts the agent's program.

The launcher makes a command option of every name here that begins with OTEL_, so there is none.
"""

import os
import sys

from sentric.tracing.defaults import apply

apply(os.environ, sys.argv[1:])
