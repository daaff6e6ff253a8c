"""One module for each framework: where it calls a model or a tool, and how its objects are read."""
