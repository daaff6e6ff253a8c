"""Which dialect read which spans, for a terminal."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Line

from sentric_analyzer.dialects.explained import Group, ReadAs
from sentric_analyzer.visible import one_line, shortened

MOST_NAMES = 40
"""Names of attributes or events that are shown of a group: those that most spans have."""
_MOST_SPAN_NAMES = 3
_LONGEST = 120
"""Characters of a name."""
_HINT = """\
What looks like an agent's and is read by nobody is not judged. Say in sentric.yaml what its attributes mean:

  dialects:
    - name: NAME
      tool: {when: ATTRIBUTE, tool: ATTRIBUTE, arguments: ATTRIBUTE, result: ATTRIBUTE}

The same goes for `agent` and `model`: docs/mapping.md."""


def render_explanation(groups: Sequence[Group], console: Console) -> None:
    """Print how spans are read, a paragraph for each group of them."""
    for group in groups:
        console.print(_title(group), Padding(_names(group), (0, 0, 1, 2)))
    if not groups:
        console.print(Line("There are no spans."))
    if any(group.looks_like_an_agent for group in groups):
        console.print(Line(_HINT, "yellow"))


def _title(group: Group) -> Line:
    spans = "1 span" if group.spans == 1 else f"{group.spans:,} spans"
    title = Line.assemble((_shown(group.scope) or "(no scope)", "bold"), f"  {spans}, {_how(group)}  ")
    return title.append(_listed(group.names, group.spans, _MOST_SPAN_NAMES), "dim")


def _how(group: Group) -> str:
    match group.read_as:
        case ReadAs.AGENT | ReadAs.MODEL | ReadAs.TOOL:
            return f"read by {_shown(group.dialect)} as {group.read_as}"
        case ReadAs.AROUND:
            return f"known to {_shown(group.dialect)}, where they only stand around others"
        case ReadAs.OWN:
            return "Sentric's own"
        case ReadAs.INSIDE:
            return "not read: inside a run of Sentric's own, which tells the same"
        case ReadAs.NOBODY:
            return "read by nobody" + (", looks like an agent's" if group.looks_like_an_agent else "")


def _names(group: Group) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for label, names in (
        ("read", group.read),
        ("read events", group.events_read),
        ("nobody read", group.unread),
        ("events nobody read", group.events_unread),
    ):
        if names:
            table.add_row(label, Line(_listed(names, group.spans, MOST_NAMES)))
    return table


def _listed(names: Counter[str], spans: int, most: int) -> str:
    """Names, the most frequent first, with how many spans have them where not all do."""
    ordered = sorted(names, key=lambda name: (-names[name], name))
    shown = [_shown(name) + (f"×{names[name]:,}" if names[name] < spans else "") for name in ordered[:most]]
    return ", ".join(shown) + (f", and {len(ordered) - most:,} more" if len(ordered) > most else "")


def _shown(name: str) -> str:
    return shortened(one_line(name), _LONGEST)
