"""Signals: facts about an event, computed by code from it and the events before it. One file per family."""
