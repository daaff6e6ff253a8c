"""Actions: what a call does, where it goes and what it hands over."""
