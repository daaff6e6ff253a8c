import pytest

from sentric.events import Effect, Element, Kind
from sentric.policy.signals.effects import classify

READ, WRITE, SEND, EXECUTE = Effect.READ, Effect.WRITE, Effect.SEND, Effect.EXECUTE
DELETE, PAY, GRANT = Effect.DELETE, Effect.PAY, Effect.GRANT


@pytest.mark.parametrize(
    ("tool", "kind", "effects"),
    [
        ("navigate", Kind.NAVIGATE, {READ}),
        ("go_to_url", Kind.NAVIGATE, {READ}),
        ("browser_navigate", Kind.NAVIGATE, {READ}),
        ("click_element_by_index", Kind.CLICK, set()),
        ("input_text", Kind.INPUT, {WRITE}),
        ("browser_type", Kind.INPUT, {WRITE}),
        ("extract_structured_data", Kind.EXTRACT, {READ}),
        ("evaluate", Kind.EVALUATE_SCRIPT, {EXECUTE}),
        ("upload_file", Kind.UPLOAD, {SEND}),
        ("scroll", Kind.OTHER, set()),
        ("wait", Kind.OTHER, set()),
        ("done", Kind.OTHER, set()),
        ("read_file", Kind.FILE_READ, {READ}),
        ("ReadFile", Kind.FILE_READ, {READ}),
        ("write-file", Kind.FILE_WRITE, {WRITE}),
        ("listDirectory", Kind.FILE_READ, {READ}),
        ("delete_file", Kind.DELETE, {DELETE}),
        ("remove_from_cart", Kind.OTHER, {WRITE}),
        ("send_email", Kind.MESSAGE, {SEND}),
        ("slack_post_message", Kind.MESSAGE, {SEND}),
        ("get_email", Kind.OTHER, {READ}),
        ("send_money", Kind.PAYMENT, {PAY}),
        ("schedule_transaction", Kind.PAYMENT, {PAY}),
        ("placeOrder", Kind.PAYMENT, {PAY}),
        ("order_status", Kind.OTHER, {READ}),
        ("list_orders", Kind.OTHER, {READ}),
        ("transfer_repository_ownership", Kind.PERMISSION, {GRANT}),
        ("transfer_to_human_agents", Kind.OTHER, set()),
        ("invite_collaborator", Kind.PERMISSION, {GRANT}),
        ("addSshKey", Kind.PERMISSION, {GRANT}),
        ("http_post", Kind.HTTP, {SEND}),
        ("http_get", Kind.HTTP, {READ}),
        ("fetch_url", Kind.HTTP, {READ}),
        ("post_webpage", Kind.HTTP, {SEND}),
        ("bash", Kind.SHELL, {EXECUTE}),
        ("run_command", Kind.SHELL, {EXECUTE}),
        ("execute_sql", Kind.DATABASE, {EXECUTE}),
        ("save_memory", Kind.MEMORY_WRITE, {WRITE}),
        ("export_contacts", Kind.EXPORT, {READ, WRITE}),
        ("create_issue", Kind.OTHER, {WRITE}),
        ("frobnicate", Kind.OTHER, set()),
        ("", Kind.OTHER, set()),
    ],
)
def test_tools_are_classified_by_name(tool: str, kind: Kind, effects: set[Effect]) -> None:
    assert classify(tool, {}) == (kind, frozenset(effects))


@pytest.mark.parametrize(
    ("element", "kind", "effects"),
    [
        (Element(tag="button", text="Pay now 9.99 EUR"), Kind.PAYMENT, {PAY}),
        (Element(tag="a", text="Buy"), Kind.PAYMENT, {PAY}),
        (Element(tag="button", text="Place order"), Kind.PAYMENT, {PAY}),
        (Element(tag="button", text="Confirm and pay"), Kind.PAYMENT, {PAY}),
        (Element(tag="button", text="Delete my account"), Kind.DELETE, {DELETE}),
        (Element(tag="button", text="Send"), Kind.MESSAGE, {SEND}),
        (Element(tag="button", text="Confirm"), Kind.SUBMIT, {SEND}),
        (Element(tag="button", text="Publish"), Kind.SUBMIT, {SEND}),
        (Element(tag="button", type="submit", text="Sign in"), Kind.SUBMIT, {WRITE}),
        (Element(tag="input", type="submit", text=""), Kind.SUBMIT, {WRITE}),
        (Element(tag="a", text="Order history"), Kind.CLICK, set()),
        (Element(tag="a", text="Order by price"), Kind.CLICK, set()),
        (Element(tag="a", text="How to pay"), Kind.CLICK, set()),
        (Element(tag="button", text="Add to cart"), Kind.CLICK, set()),
        (Element(tag="div", text="Pay " + "x" * 200), Kind.CLICK, set()),
    ],
)
def test_clicks_are_classified_by_what_they_press(element: Element, kind: Kind, effects: set[Effect]) -> None:
    assert classify("click", {"index": 1}, element) == (kind, frozenset(effects))


def test_enter_submits_and_other_keys_do_not() -> None:
    assert classify("send_keys", {"keys": "Enter"}) == (Kind.SUBMIT, {WRITE})
    assert classify("send_keys", {"keys": "Tab"}) == (Kind.INPUT, {WRITE})


def test_a_request_is_classified_by_its_method() -> None:
    assert classify("http_request", {"method": "get"})[1] == {READ}
    assert classify("http_request", {"method": "POST"})[1] == {SEND}
    assert classify("http_request", {"method": "DELETE"})[1] == {DELETE}


def test_a_statement_is_classified_by_its_first_word() -> None:
    assert classify("run_sql_query", {"query": "select 1"}) == (Kind.DATABASE, {READ})
    assert classify("run_sql_query", {"query": "DROP TABLE x"}) == (Kind.DATABASE, {DELETE})
    assert classify("run_sql_query", {"query": ["x"]}) == (Kind.DATABASE, {EXECUTE})
