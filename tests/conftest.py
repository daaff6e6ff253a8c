import os

from hypothesis import settings

# Examples are drawn anew at each run by hand, and are always the same in CI: what fails there fails again here.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")
