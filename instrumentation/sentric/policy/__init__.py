"""The policy engine: pure code, no I/O, no clock of its own."""
