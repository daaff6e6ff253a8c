"""Words: texts made comparable, lists of words and patterns, and what texts look like that give instructions."""
