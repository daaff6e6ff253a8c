"""Sentric's analyzer: an OTLP service that judges agent runs and keeps what it finds."""
