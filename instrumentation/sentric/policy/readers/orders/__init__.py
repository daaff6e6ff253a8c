"""Orders: what a text tells its reader to do, and how far an action does it."""
