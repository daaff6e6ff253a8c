"""What a tool does, told by its name, its arguments and the page element it is used on.

Tools are named by their developers, so this is a lexicon, not a fact: a tool it does not know is `Kind.OTHER` without
effects. Instrumentors and dialects ask it before they make an Action.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sentric.events import Effect, Element, JsonValue, Kind
from sentric.policy.signals.lexicon import words

NAME_LIMIT = 256
"""Characters of a tool's name that are read."""
BUTTON_LIMIT = 80
"""Longest text of an element that is read as the name of what it does."""

Classified = tuple[Kind, frozenset[Effect]]

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_NOTHING: frozenset[Effect] = frozenset()
_READ, _WRITE, _SEND = frozenset({Effect.READ}), frozenset({Effect.WRITE}), frozenset({Effect.SEND})
_EXECUTE, _DELETE = frozenset({Effect.EXECUTE}), frozenset({Effect.DELETE})
_PAY, _GRANT = frozenset({Effect.PAY}), frozenset({Effect.GRANT})


_BROWSER: dict[str, Classified] = {
    name: (kind, effects)
    for kind, effects, names in (
        (
            Kind.NAVIGATE,
            _READ,
            "navigate go_to_url goto open_url open_tab new_tab visit_page go_to search_google",
        ),
        (Kind.NAVIGATE, _READ, "go_back go_forward back forward reload navigate_back navigate_forward"),
        (
            Kind.CLICK,
            _NOTHING,
            "click click_element click_element_by_index click_element_by_text tap double_click",
        ),
        (Kind.CLICK, _NOTHING, "hover press_button click_coordinates check uncheck"),
        (Kind.INPUT, _WRITE, "input input_text type fill fill_form type_text enter_text press_sequentially"),
        (Kind.INPUT, _WRITE, "select_option select_dropdown select_dropdown_option send_keys press_key press"),
        (Kind.EXTRACT, _READ, "extract extract_content extract_structured_data extract_page get_text snapshot"),
        (Kind.EXTRACT, _READ, "screenshot take_screenshot find_text search_page find_elements get_content"),
        (Kind.EVALUATE_SCRIPT, _EXECUTE, "evaluate execute_js execute_javascript run_javascript eval_js"),
        (Kind.UPLOAD, _SEND, "upload_file file_upload set_input_files"),
        (Kind.OTHER, _NOTHING, "done scroll scroll_up scroll_down wait wait_for sleep switch switch_tab close"),
        (
            Kind.OTHER,
            _NOTHING,
            "close_tab resize handle_dialog dropdown_options get_dropdown_options finish think",
        ),
    )
    for name in names.split()
}
"""Actions of browser agents, without a leading `browser_`."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A verb class with the objects that it must be about; no objects: any."""

    verbs: frozenset[str]
    objects: frozenset[str]
    kind: Kind
    effects: frozenset[Effect]


def _entry(kind: Kind, effects: frozenset[Effect], verbs: str, objects: str = "") -> _Entry:
    return _Entry(words(verbs), words(objects), kind, effects)


_READING = (
    "get list read search find fetch query view show describe lookup check count calculate retrieve browse status "
    "is has inspect explore scan load open cat head tail ls grep stat download summarize summarise translate select"
)
_MAKING = "create add update set edit modify insert upsert append write save put replace rename move copy make schedule"
_MONEY = "money funds payment payments transaction transactions payout invoice bank wallet crypto iban wire"
_LEXICON = (
    _entry(Kind.FILE_READ, _READ, _READING, "file files directory dir folder path document"),
    _entry(Kind.DATABASE, _READ, _READING, "sql database db table tables schema"),
    _entry(Kind.DOWNLOAD, _WRITE, "download"),
    _entry(Kind.HTTP, _READ, _READING, "http url web webpage website page fetch request"),
    _entry(Kind.OTHER, _READ, _READING),
    _entry(Kind.OTHER, _WRITE, "delete remove clear", "cart basket filter label tag tags star reaction selection"),
    _entry(Kind.DELETE, _DELETE, "delete remove drop destroy purge erase truncate wipe unlink rm trash cancel"),
    _entry(Kind.PAYMENT, _PAY, "pay purchase buy checkout charge refund donate withdraw order book"),
    _entry(Kind.PAYMENT, _PAY, f"send transfer execute initiate request {_MAKING}", _MONEY),
    _entry(Kind.PAYMENT, _PAY, "place create submit confirm", "order orders purchase booking"),
    _entry(Kind.PERMISSION, _GRANT, "grant invite share authorize authorise permit promote chmod chown revoke"),
    _entry(Kind.PERMISSION, _GRANT, "transfer", "owner ownership"),
    _entry(
        Kind.PERMISSION,
        _GRANT,
        f"change reset {_MAKING}",
        "permission permissions role roles member members collaborator collaborators access acl password key keys "
        "secret token user users admin",
    ),
    _entry(Kind.MEMORY_WRITE, _WRITE, f"remember memorize memorise store {_MAKING}", "memory memories remember"),
    _entry(Kind.MEMORY_WRITE, _WRITE, "remember memorize memorise"),
    _entry(Kind.DATABASE, _EXECUTE, "run exec execute sql", "sql database db query"),
    _entry(Kind.EVALUATE_SCRIPT, _EXECUTE, "run exec execute evaluate eval", "js javascript"),
    _entry(Kind.SHELL, _EXECUTE, "run exec execute shell bash terminal cmd powershell command python eval spawn sh"),
    _entry(Kind.HTTP, _SEND, "http curl webhook request api", "post put patch delete webhook"),
    _entry(Kind.HTTP, _SEND, "post put patch", "http url request webhook webpage web api json form"),
    _entry(Kind.HTTP, _READ, "http curl request api url"),
    _entry(
        Kind.MESSAGE,
        _SEND,
        "send email mail reply forward message sms notify dm tweet publish post broadcast text",
    ),
    _entry(Kind.UPLOAD, _SEND, "upload attach"),
    _entry(Kind.EXPORT, _READ | _WRITE, "export dump backup"),
    _entry(Kind.SUBMIT, _SEND, "submit sign"),
    _entry(Kind.DATABASE, _WRITE, _MAKING, "sql database db table row rows record records"),
    _entry(Kind.FILE_WRITE, _WRITE, f"mkdir touch patch {_MAKING}", "file files directory dir folder path document"),
    _entry(Kind.FILE_WRITE, _WRITE, "mkdir touch"),
    _entry(
        Kind.OTHER,
        _WRITE,
        f"{_MAKING} register enable disable assign close merge commit push star comment react",
    ),
)
_VERBS = frozenset[str]().union(*(entry.verbs for entry in _LEXICON))
_ABOUT = words("status history details info information count list summary")
"""Last words of a name that make it a question, whatever verb comes before."""

_BUTTONS: tuple[tuple[frozenset[str], Kind, frozenset[Effect]], ...] = (
    (words("pay buy purchase order checkout donate transfer"), Kind.PAYMENT, _PAY),
    (words("delete remove erase destroy deactivate"), Kind.DELETE, _DELETE),
    (words("send reply forward tweet"), Kind.MESSAGE, _SEND),
    (words("grant authorize authorise allow invite share"), Kind.PERMISSION, _GRANT),
    (words("submit publish post confirm"), Kind.SUBMIT, _SEND),
    (words("login log signin sign continue register subscribe save apply"), Kind.SUBMIT, _WRITE),
)
_LEADING = words("yes i and ok please now confirm complete place finish proceed to my the & permanently")
"""Words that may stand before the verb on a button."""
_HARMLESS = words("history status number tracking details cart basket filter filters list by price cookie cookies")
_STATEMENTS: dict[str, frozenset[Effect]] = {
    "select": _READ, "show": _READ, "describe": _READ, "explain": _READ, "with": _READ,
    "insert": _WRITE, "update": _WRITE, "merge": _WRITE, "create": _WRITE, "alter": _WRITE,
    "delete": _DELETE, "drop": _DELETE, "truncate": _DELETE, "grant": _GRANT, "revoke": _GRANT,
}  # fmt: skip


def classify(tool: str, arguments: Mapping[str, JsonValue], element: Element | None = None) -> Classified:
    """Tell what sort of thing a call does, and what it changes.

    Args:
        tool: the tool's name, in snake, camel or kebab case.
        arguments: its arguments; only a request's method and a statement's first word are read.
        element: the page element it is used on, whose text may say that it pays, sends or deletes.
    """
    kind, effects = _named(tool[:NAME_LIMIT])
    match kind:
        case Kind.CLICK if element is not None:
            return _pressed(element)
        case Kind.INPUT if _is_enter(arguments):
            return Kind.SUBMIT, _WRITE
        case Kind.HTTP:
            return kind, _of_method(arguments) or effects
        case Kind.DATABASE:
            return kind, _of_statement(arguments) or effects
        case _:
            return kind, effects


@lru_cache(maxsize=1024)
def _named(tool: str) -> Classified:
    parts = [part.lower() for part in _PARTS.findall(tool)]
    name = "_".join(parts).removeprefix("browser_")
    if name in _BROWSER:
        return _BROWSER[name]
    verb = next((part for part in parts if part in _VERBS), "")
    if not verb:
        return Kind.OTHER, _NOTHING
    if parts[-1] in _ABOUT:
        return Kind.OTHER, _READ
    others = set(parts) - {verb} | ({verb} if parts.count(verb) > 1 else set[str]())
    for entry in _LEXICON:
        if verb in entry.verbs and (not entry.objects or not entry.objects.isdisjoint(others)):
            return entry.kind, entry.effects
    return Kind.OTHER, _NOTHING


def _pressed(element: Element) -> Classified:
    label = [part.lower() for part in _PARTS.findall(element.text[: BUTTON_LIMIT + 1])]
    if label and len(element.text) <= BUTTON_LIMIT and _HARMLESS.isdisjoint(label):
        verb = next((word for word in label if word not in _LEADING), label[0])
        if (found := _button(verb) or _button(label[0])) is not None:
            return found
    if element.type.lower() == "submit":
        return Kind.SUBMIT, _WRITE
    return Kind.CLICK, _NOTHING


def _button(word: str) -> Classified | None:
    return next(((kind, effects) for verbs, kind, effects in _BUTTONS if word in verbs), None)


def _is_enter(arguments: Mapping[str, JsonValue]) -> bool:
    return any(
        isinstance(value := arguments.get(name), str) and value.strip().lower() in {"enter", "return"}
        for name in ("keys", "key")
    )


def _of_method(arguments: Mapping[str, JsonValue]) -> frozenset[Effect] | None:
    method = arguments.get("method")
    if not isinstance(method, str):
        return None
    return {"get": _READ, "head": _READ, "options": _READ, "delete": _DELETE}.get(method.strip().lower(), _SEND)


def _of_statement(arguments: Mapping[str, JsonValue]) -> frozenset[Effect] | None:
    for name in ("sql", "query", "statement"):
        if isinstance(value := arguments.get(name), str) and (statement := value[:64].split()):
            return _STATEMENTS.get(statement[0].lower())
    return None
