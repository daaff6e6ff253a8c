"""Events as OpenTelemetry spans and log records, and how they leave the process."""
