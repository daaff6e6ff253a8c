"""What a tool does, told by its name, its arguments, its definition and the page element it is used on.

Tools are named by their developers, so this is a lexicon, not a fact: a tool of which nothing tells what it does is
`Kind.OTHER` without effects. Instrumentors and dialects ask it before they make an Action; what a policy or the tool's
definition adds is in `sentric.policy.readers.actions.meaning`.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from itertools import chain, islice

from sentric.events import Effect, Element, JsonValue, Kind
from sentric.policy.readers.actions.verbs import (
    ABOUT,
    DELETE,
    ENTRIES,
    EXECUTE,
    GRANT,
    JOINS,
    LOOKING,
    NOTHING,
    NOUNISH,
    PAIRS,
    PAY,
    PREFIXES,
    READ,
    READERS,
    SEND,
    UNKNOWN,
    WRITE,
    Meaning,
)
from sentric.policy.readers.words.lexicon import words

NAME_LIMIT = 256
"""Characters of a tool's name that are read."""
BUTTON_LIMIT = 80
"""Longest text of an element that is read as the name of what it does."""
DESCRIPTION_WORDS = 12
"""Words of a tool's description that are read: its first clause says what it does."""
KEYS_READ = 64
"""Arguments and parameters of which the names are read."""

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")

_BROWSER: dict[str, Meaning] = {
    name: (kind, effects)
    for kind, effects, names in (
        (Kind.NAVIGATE, READ, "navigate go_to_url goto open_url open_tab new_tab visit_page go_to search_google"),
        (Kind.NAVIGATE, READ, "navigate_page new_page navigate_to navigate_to_url"),
        (Kind.NAVIGATE, READ, "go_back go_forward back forward reload navigate_back navigate_forward"),
        (Kind.CLICK, NOTHING, "click click_element click_element_by_index click_element_by_text tap double_click"),
        (Kind.CLICK, NOTHING, "hover press_button click_coordinates check uncheck left_click right_click mouse_click"),
        (Kind.INPUT, WRITE, "input input_text type fill fill_form type_text enter_text press_sequentially"),
        (Kind.INPUT, WRITE, "select_option select_dropdown select_dropdown_option send_keys press_key press key"),
        (Kind.EXTRACT, READ, "extract extract_content extract_structured_data extract_page get_text snapshot"),
        (Kind.EXTRACT, READ, "screenshot take_screenshot find_text search_page find_elements get_content"),
        (
            Kind.EVALUATE_SCRIPT,
            EXECUTE,
            "evaluate evaluate_script execute_js execute_javascript run_javascript eval_js",
        ),
        (Kind.UPLOAD, SEND, "upload_file file_upload set_input_files"),
        (Kind.OTHER, NOTHING, "done scroll scroll_up scroll_down wait wait_for sleep switch switch_tab close"),
        (Kind.HTTP, READ, "request requests"),
        (Kind.OTHER, NOTHING, "close_tab resize handle_dialog dropdown_options get_dropdown_options finish think"),
    )
    for name in names.split()
}
"""Actions of browser agents, without the name of what drives the browser before them."""
_DRIVERS = words("browser playwright puppeteer selenium stagehand chrome chromium devtools browserbase")
_ADDRESSES = ("url", "urls", "uri")

_BUTTONS: tuple[tuple[frozenset[str], Kind, frozenset[Effect]], ...] = (
    (words("pay buy purchase order checkout donate transfer"), Kind.PAYMENT, PAY),
    (words("delete remove erase destroy deactivate"), Kind.DELETE, DELETE),
    (words("send reply forward tweet"), Kind.MESSAGE, SEND),
    (words("grant authorize authorise allow invite share"), Kind.PERMISSION, GRANT),
    (words("submit publish post confirm"), Kind.SUBMIT, SEND),
    (words("login log signin sign continue register subscribe save apply"), Kind.SUBMIT, WRITE),
)
_LEADING = words("yes i and ok please now confirm complete place finish proceed to my the & permanently")
"""Words that may stand before the verb on a button."""
_HARMLESS = words("history status number tracking details cart basket filter filters list by price cookie cookies")
_STATEMENTS: dict[str, frozenset[Effect]] = {
    "select": READ, "show": READ, "describe": READ, "explain": READ, "with": READ,
    "insert": WRITE, "update": WRITE, "merge": WRITE, "create": WRITE, "alter": WRITE,
    "delete": DELETE, "drop": DELETE, "truncate": DELETE, "grant": GRANT, "revoke": GRANT,
}  # fmt: skip

_SQL = re.compile(
    r"\s{0,64}(?:select\s[^;]{0,2000}?\sfrom\s|insert\s+into\s|update\s+\S{1,64}\s+set\s|delete\s+from\s|truncate\s|"
    r"(?:drop|alter|create)\s+"
    r"(?:table|database|schema|view|index|user|role)\s|(?:grant|revoke)\s[^;]{0,200}?\son\s)",
    re.IGNORECASE,
)
"""The beginning of a statement, as opposed to a question in words."""

_RECIPIENT = words(
    "to recipient recipients cc bcc receiver receivers invitees attendees participants guests emails mention "
    "mentions "
    "recipient_email recipient_emails recipient_id send_to notify notify_users phone_number channel channel_id "
    "chat_id"
)
_INVITED = words("attendees participants invitees guests recipients recipient to cc bcc emails notify notify_users")
"""Those who hear of a change that names them."""
_CONTENT = words("body message text content subject html markdown caption html_body text_body")
_AMOUNT = words("amount total price sum value_eur value_usd amount_cents quantity_usd")
_PAYEE = words(
    "recipient iban account account_number to payee vendor beneficiary currency card card_number payment_method"
)
_RIGHT = words("role roles permission permissions access_level access scopes scope privileges is_admin acl acls")
_SUBJECT = words(
    "user users member members email user_id username principal grantee group team account emails collaborator"
)
_SECRET = words("password new_password passcode new_pin secret ssh_key public_key api_key access_key")
_PROGRAM = words("command cmd script commands shell_command bash program source_code")
_CHANGE = words(
    "content body updates changes patch fields properties new_name new_value new_title data payload values record "
    "rows "
    "new_status set due_date start_time end_time assignee assignees description message"
)
_QUESTION = words(
    "query q search search_query keyword keywords filter filters limit page page_size offset cursor sort sort_by "
    "order_by id ids name path since until fields include max_results top_k"
)
_SHAPES: tuple[tuple[tuple[frozenset[str], ...], Meaning], ...] = (
    ((_AMOUNT, _PAYEE), (Kind.PAYMENT, PAY)),
    ((_RIGHT, _SUBJECT), (Kind.PERMISSION, GRANT)),
    ((_SECRET,), (Kind.PERMISSION, GRANT)),
    ((_RECIPIENT, _CONTENT), (Kind.MESSAGE, SEND)),
    ((_PROGRAM,), (Kind.SHELL, EXECUTE)),
    ((words("path file_path filename file"), words("content contents data new_str")), (Kind.FILE_WRITE, WRITE)),
    ((_CHANGE,), (Kind.OTHER, WRITE)),
)
"""What a call does whose arguments have names of each of these groups."""
_TELLING = _RIGHT | _INVITED | {"amount"}
_SPATIAL = words("to")
"""Names that are people's only beside others: where something is moved to, too."""
_SWITCHED = words("on off")
_GIVING = words("return provide give yield")
"""What descriptions say that a reader does."""
_SUFFIXES = ("ies", "es", "s", "ing", "ed")


_PROGRAMS = words(
    "cargo npm npx pnpm yarn pip pipx uv poetry conda mvn gradle gradlew cmake ninja kubectl helm docker podman "
    "terraform "
    "tofu pulumi ansible ansible-playbook aws gcloud az doctl flyctl heroku psql mysql sqlite3 redis-cli mongosh "
    "systemctl "
    "apt apt-get dnf brew choco winget"
)
"""Tools that are called like the program they start: their arguments are its command line."""


def classify(
    tool: str,
    arguments: Mapping[str, JsonValue],
    element: Element | None = None,
    *,
    description: str = "",
    parameters: Collection[str] = (),
    read_only: bool | None = None,
) -> Meaning:
    """Tell what sort of thing a call does, and what it changes.

    The name decides; what it leaves open is told by the arguments, then by the definition, whose author may not be
    honest: it never takes an effect away.

    Args:
        tool: the tool's name, in snake, camel or kebab case.
        arguments: its arguments; only their names, a request's method and a statement's first word are read.
        element: the page element it is used on, whose text may say that it pays, sends or deletes.
        description: what its definition says it does.
        parameters: the names of the parameters in its input schema.
        read_only: whether its definition hints that it changes nothing; None where it says nothing.
    """
    if tool.lower() in _PROGRAMS:
        return Kind.SHELL, EXECUTE
    named = _named(tool[:NAME_LIMIT])
    if named is None:
        return _told(arguments, description, parameters, read_only)
    kind, effects = named
    match kind:
        case Kind.CLICK if element is not None:
            return _pressed(element)
        case Kind.INPUT if _is_enter(arguments):
            return Kind.SUBMIT, WRITE
        case Kind.HTTP:
            return kind, _of_method(arguments) or effects
        case Kind.DATABASE if effects in (EXECUTE, READ):
            return kind, _of_statement(arguments) or effects
        case Kind.OTHER if effects == READ and (stated := _stated(arguments)) is not None:
            return Kind.DATABASE, stated
        case Kind.OTHER if effects == READ and any(arguments.get(name) for name in _ADDRESSES):
            return Kind.HTTP, _of_method(arguments) or READ
        case Kind.OTHER | Kind.FILE_WRITE | Kind.DATABASE if effects == WRITE:
            return _widened(tool, kind, effects, arguments)
        case _:
            return kind, effects


@lru_cache(maxsize=1024)
def _named(tool: str) -> Meaning | None:
    """What the name says; None where it has no word that tells."""
    parts = name_parts(tool)
    act = next((index for index, part in enumerate(parts[:-1]) if part not in _DRIVERS), len(parts) - 1)
    return _BROWSER.get("_".join(parts[act:])) or _of_words(parts)


@lru_cache(maxsize=1024)
def name_parts(tool: str) -> tuple[str, ...]:
    """The words of a tool's name in lower case, without what frameworks put before it."""
    parts = [part.lower() for part in _PARTS.findall(tool[:NAME_LIMIT])]
    while len(parts) > 1 and parts[0] in PREFIXES:
        del parts[0]
    merged: list[str] = []
    for part in parts:
        if merged and (pair := PAIRS.get((merged[-1], part))):
            merged[-1] = pair
        else:
            merged.append(part)
    return tuple(merged)


def _of_words(parts: tuple[str, ...]) -> Meaning | None:
    place, last = _verb(parts), parts[-1] if parts else ""
    if place is None and len(parts) > 1 and last in _SWITCHED:
        return Kind.OTHER, WRITE
    if place is None:
        return (Kind.OTHER, READ) if last in ABOUT else None
    verb = parts[place]
    if last in ABOUT and (verb in NOUNISH or verb in READERS):
        return Kind.OTHER, READ
    others = {part for index, part in enumerate(parts) if index != place}
    fitting = (entry.meaning for entry in ENTRIES[verb] if not entry.objects or not entry.objects.isdisjoint(others))
    return next(fitting, None)


def _verb(parts: tuple[str, ...]) -> int | None:
    """Which word of a name is its verb: the plainest of those that can be one."""
    verbs = [index for index, part in enumerate(parts) if part in ENTRIES]
    plain = [index for index in verbs if parts[index] not in NOUNISH]
    changing = [index for index in plain if parts[index] not in READERS]
    if verbs and not verbs[0] and parts[0] in READERS and (parts[0] not in NOUNISH or parts[0] in LOOKING):
        joined = [index for index in verbs if index > 1 and parts[index - 1] in JOINS and parts[index] not in READERS]
        return joined[0] if joined else 0
    looking = [index for index in verbs if parts[index] in LOOKING]
    return next(iter(changing or plain or looking or verbs), None)


def _told(
    arguments: Mapping[str, JsonValue], description: str, parameters: Collection[str], read_only: bool | None
) -> Meaning:
    """What a call does whose name has no word that tells."""
    keys = frozenset(_keys(arguments, parameters))
    by_keys, by_words = _of_keys(keys, arguments), _of_description(description)
    if by_keys is not None and by_keys[1] != READ:
        return by_keys
    if by_words is not None:
        return by_words
    if read_only is not None:
        return Kind.OTHER, READ if read_only else WRITE
    return by_keys or UNKNOWN


def _keys(arguments: Mapping[str, JsonValue], parameters: Collection[str]) -> Iterator[str]:
    for name in islice(chain(arguments, parameters), KEYS_READ):
        yield "_".join(part.lower() for part in _PARTS.findall(str(name)[:NAME_LIMIT]))


def _of_keys(keys: frozenset[str], arguments: Mapping[str, JsonValue]) -> Meaning | None:
    """What arguments of these names are given for. Each line needs all of its groups."""
    if isinstance(code := arguments.get("code"), str) and not code.isalnum():
        return Kind.SHELL, EXECUTE
    if "sql" in keys or "statement" in keys:
        return Kind.DATABASE, _of_statement(arguments) or EXECUTE
    if "url" in keys and not keys.isdisjoint({"method", "json", "data", "payload", "headers"}):
        return Kind.HTTP, _of_method(arguments) or (READ if keys <= {"url", "headers"} else SEND)
    for groups, meaning in _SHAPES:
        if all(not keys.isdisjoint(group) for group in groups):
            return meaning
    return (Kind.OTHER, READ) if keys and keys <= _QUESTION else None


def _of_description(description: str) -> Meaning | None:
    """What the first words of a definition say: its first verb, in any of its forms."""
    parts = tuple(_base(part.lower()) for part in _PARTS.findall(description[:NAME_LIMIT])[:DESCRIPTION_WORDS])
    for index, part in enumerate(parts[:3]):
        if part in _GIVING:
            return Kind.OTHER, READ
        if part in ENTRIES:
            return _of_words(parts[index:])
    return None


def _base(word: str) -> str:
    """A verb without its ending: sends, sending, sent as send."""
    if word in ENTRIES:
        return word
    for suffix in _SUFFIXES:
        if word.endswith(suffix):
            stem = word.removesuffix(suffix)
            for form in (stem, stem + "e", stem + "y", stem[:-1]):
                if form in ENTRIES or form in _GIVING:
                    return form
    return word


def _widened(tool: str, kind: Kind, effects: frozenset[Effect], arguments: Mapping[str, JsonValue]) -> Meaning:
    """A plain change is more than that where it moves money, gives rights, or names people who hear of it."""
    keys = frozenset(_keys({name: value for name, value in arguments.items() if value}, ()))
    if keys.isdisjoint(_TELLING):
        return kind, effects
    if not keys.isdisjoint(_RIGHT) and not keys.isdisjoint(_SUBJECT):
        return Kind.PERMISSION, GRANT
    parts = name_parts(tool)
    if "transfer" in parts and "amount" in keys:
        return Kind.PAYMENT, PAY
    if not keys.isdisjoint(_INVITED) and "draft" not in parts and not _SPATIAL.issuperset(keys & _INVITED):
        return kind, effects | SEND
    return kind, effects


def _pressed(element: Element) -> Meaning:
    label = [part.lower() for part in _PARTS.findall(element.text[: BUTTON_LIMIT + 1])]
    if label and len(element.text) <= BUTTON_LIMIT and _HARMLESS.isdisjoint(label):
        verb = next((word for word in label if word not in _LEADING), label[0])
        if (found := _button(verb) or _button(label[0])) is not None:
            return found
    if element.type.lower() == "submit":
        return Kind.SUBMIT, WRITE
    return Kind.CLICK, NOTHING


def _button(word: str) -> Meaning | None:
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
    return {"get": READ, "head": READ, "options": READ, "delete": DELETE}.get(method.strip().lower(), SEND)


def _stated(arguments: Mapping[str, JsonValue]) -> frozenset[Effect] | None:
    """What a statement does that stands among the arguments of a tool which says only that it asks."""
    for name in ("sql", "query", "statement"):
        if isinstance(value := arguments.get(name), str) and _SQL.match(value):
            return _of_statement(arguments)
    return None


def _of_statement(arguments: Mapping[str, JsonValue]) -> frozenset[Effect] | None:
    for name in ("sql", "query", "statement"):
        if isinstance(value := arguments.get(name), str) and (statement := value[:64].split()):
            return _STATEMENTS.get(statement[0].lower())
    return None
