"""The point every event of a running agent passes: redacted, judged, recorded."""
