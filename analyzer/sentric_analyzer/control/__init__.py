"""Control state: who may do what.

The store is `sentric_analyzer.control.store`; what this package exports needs no database, and importing it loads none.
"""

from sentric_analyzer.control.keyring import Grant, KeyRing, Scope

__all__ = ["Grant", "KeyRing", "Scope"]
