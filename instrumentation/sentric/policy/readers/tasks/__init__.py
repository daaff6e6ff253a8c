"""Tasks: what the human asked for, and the places, people and services that covers."""
