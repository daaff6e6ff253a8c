"""Programs: command lines, statements and code, and what they would do to files, data and machines."""
