"""Control state: who may do what."""

from sentric_analyzer.control.keyring import Grant, KeyRing, Scope

__all__ = ["Grant", "KeyRing", "Scope"]
