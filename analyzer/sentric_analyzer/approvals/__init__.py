"""People are asked where they are: who is asked in what order, by which channel, and what comes of it."""
