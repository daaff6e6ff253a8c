"""Signals: facts about an event, computed by code from it and the events before it. One module per family."""
