"""Where the policy of a process comes from: the shipped packs, a file, or the service."""
