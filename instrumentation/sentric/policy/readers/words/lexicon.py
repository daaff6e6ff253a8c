"""Word lists and phrases, written as text."""


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


def phrase(*parts: str | int) -> str:
    r"""A pattern, in RE2's syntax, for words that follow each other.

    Args:
        parts: alternatives separated by `|`, in which a space stands for any white space; a number allows for that
            many characters of the same sentence between the alternatives before and after it.
    """
    pattern = ""
    for before, part in zip((None, *parts), parts, strict=False):
        if isinstance(part, int):
            pattern += rf"\b[^.!?]{{0,{part}}}\b"
        else:
            pattern += (r"\s+" if isinstance(before, str) else "") + "(?:" + part.replace(" ", r"\s+") + ")"
    return rf"\b{pattern}\b"
