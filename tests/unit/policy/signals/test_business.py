import pytest

from sentric.events import Action, JsonValue
from sentric.policy.readers.actions.effects import classify
from sentric.policy.rule import Tuning
from sentric.policy.signals.business import Business, BusinessFacts


def told(
    tool: str, arguments: dict[str, JsonValue], tuning: Tuning | None = None, **context: JsonValue
) -> BusinessFacts:
    kind, effects = classify(tool, arguments)
    action = Action(sequence=1, tool=tool, arguments=arguments, kind=kind, effects=effects, context=context)
    return Business(tuning or Tuning()).action(action)


def test_a_payment_is_read() -> None:
    tuning = Tuning(vendors=("Paper AG",), amount_limit=50)
    facts = told("pay_invoice", {"vendor": "Paper AG", "amount": "49.90", "currency": "EUR"}, tuning)
    assert (facts.vendor, facts.vendor_known) == ("Paper AG", True)
    assert (facts.amount, facts.amount_currency, facts.amount_over_limit) == (49.9, "EUR", False)


@pytest.mark.parametrize(
    ("arguments", "over"),
    [
        ({"vendor": "x", "amount": 100}, False),
        ({"vendor": "x", "amount": 100.01}, True),
        ({"vendor": "x"}, True),
        ({"vendor": "x", "amount": 5, "currency": "USD"}, True),
    ],
)
def test_an_amount_is_over_the_limit_where_it_is_larger_foreign_or_unknown(
    arguments: dict[str, JsonValue], over: bool
) -> None:
    assert told("send_payment", arguments, Tuning(amount_currency="EUR")).amount_over_limit is over


def test_a_site_can_be_the_vendor() -> None:
    facts = told("purchase", {"url": "https://www.paper.example/cart", "amount": 5}, Tuning(vendors=("paper.example",)))
    assert facts.vendor_known


@pytest.mark.parametrize(
    ("tool", "arguments", "sort"),
    [
        ("execute_sql", {"sql": "SELECT ssn FROM people WHERE id = 1"}, "social security number"),
        ("search_records", {"q": "Social Security number of Ana"}, "social security number"),
        ("hr_search", {"query": "salary of the team"}, "pay"),
        ("execute_sql", {"sql": "SELECT name, email FROM customers WHERE id = 1"}, "contact"),
        ("execute_sql", {"sql": "SELECT diagnosis FROM visits WHERE id = 1"}, "health"),
        ("get_record", {"fields": ["passport", "name"]}, "identity"),
        ("get_record", {"fields": ["credit_card"]}, "card or account"),
    ],
)
def test_personal_data_that_is_asked_for_is_told(tool: str, arguments: dict[str, JsonValue], sort: str) -> None:
    assert sort in told(tool, arguments).personal_asked


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("SELECT id, email FROM staff", True),
        ("select phone_no as p from staff", True),
        ("SELECT id FROM emails", False),
        ("SELECT id, email; DELETE FROM logs", False),
        ("SELECT 1; email FROM x", False),
        ("SELECT " + "x" * 300 + " email FROM staff", False),
        ("SELECT email, " + "x " * 300 + "FROM staff", False),
    ],
)
def test_a_query_for_a_column_with_a_contact_is_told(query: str, asked: bool) -> None:
    assert ("contact" in told("execute_sql", {"sql": query}).personal_asked) is asked


@pytest.mark.parametrize(
    ("tool", "arguments", "many"),
    [
        ("execute_sql", {"sql": "SELECT * FROM orders"}, True),
        ("execute_sql", {"sql": "SELECT * FROM orders LIMIT 5000"}, True),
        ("execute_sql", {"sql": "SELECT * FROM orders LIMIT 50"}, False),
        ("execute_sql", {"sql": "SELECT * FROM orders WHERE id = 3"}, False),
        ("execute_sql", {"sql": "SELECT count(*) FROM orders"}, False),
        ("list_contacts", {"limit": 5000}, True),
        ("list_contacts", {"limit": 10}, False),
        ("get_records", {"ids": [str(number) for number in range(500)]}, True),
        ("write_file", {"path": "x", "limit": 5000}, False),
    ],
)
def test_many_records_are_told(tool: str, arguments: dict[str, JsonValue], many: bool) -> None:
    assert told(tool, arguments).many_records is many


@pytest.mark.parametrize(
    ("tool", "arguments", "sensitive"),
    [
        ("export_customers", {}, True),
        ("dump_table", {"table": "payroll"}, True),
        ("export_data", {"columns": ["ssn"]}, True),
        ("export_chart", {"title": "Rain"}, False),
        ("list_customers", {}, False),
    ],
)
def test_sensitive_exports_are_told(tool: str, arguments: dict[str, JsonValue], sensitive: bool) -> None:
    assert told(tool, arguments).sensitive_export is sensitive


@pytest.mark.parametrize(
    ("tool", "arguments", "deletes", "restarts"),
    [
        ("delete_user", {"user": "ana"}, True, False),
        ("remove_account", {"id": 1}, True, False),
        ("execute_sql", {"sql": "DELETE FROM app.users WHERE id = 1"}, True, False),
        ("execute_sql", {"sql": "DROP USER ana"}, True, False),
        ("bash", {"command": "sudo userdel ana"}, True, False),
        ("restart_server", {"name": "web"}, False, True),
        ("reboot", {}, False, True),
        ("stop_instance", {"id": "i"}, False, True),
        ("bash", {"command": "systemctl restart nginx"}, False, True),
        ("bash", {"command": "kubectl rollout restart deployment/web"}, False, True),
        ("delete_file", {"path": "users.txt"}, False, False),
        ("list_users", {}, False, False),
        ("stop_music", {}, False, False),
    ],
)
def test_operations_are_told(tool: str, arguments: dict[str, JsonValue], deletes: bool, restarts: bool) -> None:
    facts = told(tool, arguments)
    assert (facts.deletes_users, facts.restarts) == (deletes, restarts)


@pytest.mark.parametrize(
    ("environment", "within"),
    [
        ("production", True),
        ("PROD", True),
        ("db1.prod.corp.example", True),
        ("eu-live-2", True),
        ("staging", False),
        ("pre-production", False),
        ("non_prod", False),
        ("product-page", False),
    ],
)
def test_production_is_told_by_its_words(environment: str, within: bool) -> None:
    assert told("delete_user", {"user": "a", "environment": environment}).in_production is within
    assert told("delete_user", {"user": "a"}, None, environment=environment).in_production is within


def test_a_policy_has_its_own_words_for_production() -> None:
    tuning = Tuning(production=("blue",))
    assert told("restart_server", {"name": "blue"}, tuning).in_production
    assert not told("restart_server", {"name": "prod"}, tuning).in_production


@pytest.mark.parametrize(
    ("arguments", "notice", "missing"),
    [
        ({"to": "k", "body": "Your loan has been approved."}, True, ("any document",)),
        ({"to": "k", "body": "Your loan has been approved, see the enclosed contract."}, True, ()),
        ({"to": "k", "body": "We hereby approve it.", "attachments": ["a.pdf"]}, True, ()),
        ({"to": "k", "body": "Your permit is approved."}, True, ("any document",)),
        ({"to": "k", "body": "It was approved, see grant.pdf"}, True, ()),
        ({"to": "k", "body": "We are looking at it."}, False, ()),
    ],
)
def test_a_notice_of_approval_needs_a_document(
    arguments: dict[str, JsonValue], notice: bool, missing: tuple[str, ...]
) -> None:
    facts = told("send_email", arguments)
    assert (facts.approval_notice, facts.missing_documents) == (notice, missing)


def test_a_policy_names_the_documents() -> None:
    tuning = Tuning(required_documents=("appraisal|valuation", "Proof of income"))
    facts = told("send_approval_notice", {"applicant": "Kim", "attachments": ["valuation.pdf"]}, tuning)
    assert facts.missing_documents == ("Proof of income",)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("read_file", {"path": "customers.csv"}),
        ("write_file", {"path": "a.md", "content": "ssn, salary, approved"}),
        ("click", {"index": 3}),
        ("search_products", {"query": "lamp"}),
    ],
)
def test_ordinary_work_is_left_alone(tool: str, arguments: dict[str, JsonValue]) -> None:
    assert told(tool, arguments) == BusinessFacts()


@pytest.mark.parametrize(
    ("tool", "arguments", "changes"),
    [
        ("grant_role", {"user": "a", "role": "admin"}, True),
        ("execute_sql", {"sql": "GRANT SELECT ON a TO b"}, True),
        ("bash", {"command": "sudo chmod 777 /srv/x"}, True),
        ("bash", {"command": "setfacl -m u:a:rw x"}, True),
        ("bash", {"command": "chmod +x run.sh"}, False),
        ("list_roles", {"user": "a"}, False),
    ],
)
def test_changes_of_permissions_are_told(tool: str, arguments: dict[str, JsonValue], changes: bool) -> None:
    assert told(tool, arguments).changes_permissions is changes


def test_a_request_to_a_payment_service_pays() -> None:
    body: dict[str, JsonValue] = {"amount": 100_000, "currency": "eur"}
    facts = told("http_post", {"url": "https://api.stripe.com/v1/charges", "body": body})
    assert (facts.pays, facts.amount_over_limit, facts.vendor_known) == (True, True, False)
    assert told("bash", {"command": "curl https://api.stripe.com/v1/charges -d amount=1"}).pays
    assert not told("http_get", {"url": "https://api.stripe.com/v1/charges"}).pays


@pytest.mark.parametrize("query", ["SELECT * FROM customers WHERE id=5", "SELECT c.* FROM employees c LIMIT 10"])
def test_all_columns_of_people_are_personal(query: str) -> None:
    assert told("execute_sql", {"query": query}).personal_asked == ("all columns",)


def test_databases_reached_through_a_shell_are_read() -> None:
    assert told("bash", {"command": "psql -c 'select ssn from c limit 1'"}).personal_asked
    assert told("bash", {"command": "pg_dump customers > x.sql"}).sensitive_export
    assert told("bash", {"command": "mysqldump --all-databases"}).sensitive_export
    assert told("create_export", {"entity": "employees"}).sensitive_export
    assert told("execute_sql", {"query": "SELECT * FROM customers INTO OUTFILE '/tmp/x'"}).sensitive_export
    assert told("get_customers", {"count": "all"}).many_records
    assert told("execute_sql", {"query": "SELECT name FROM products WHERE 1=1"}).many_records


def test_a_general_question_asks_for_nobodys_data() -> None:
    assert told("search", {"query": "what is a social security number"}).personal_asked == ()


def test_filler_does_not_hide_a_column() -> None:
    query = "SELECT " + "a, " * 20_000 + "ssn FROM c LIMIT 1"
    assert told("execute_sql", {"query": query}).personal_asked == ("social security number",)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("notify_customer", {"message": "Loan approved"}),
        ("send_sms", {"text": "Loan approved"}),
        ("update_loan", {"id": 5, "status": "APPROVED"}),
        ("send_email", {"to": "a@b.example", "body": "approval granted!"}),
        ("send_email", {"to": "a@b.example", "body": "Your mortgage application has been accepted."}),
    ],
)
def test_an_approval_in_other_words_is_one(tool: str, arguments: dict[str, JsonValue]) -> None:
    assert told(tool, arguments).missing_documents == ("any document",)


def test_a_document_that_is_said_to_be_missing_is_missing() -> None:
    tuning = Tuning(required_documents=("appraisal|valuation", "proof of income"))
    body = "Your loan is approved. The appraisal and the proof of income are missing."
    assert told("send_email", {"to": "a@b.example", "body": body}, tuning).missing_documents == (
        "appraisal|valuation",
        "proof of income",
    )


def test_an_approval_of_the_past_is_no_notice() -> None:
    body = "Your leave was approved by HR last week, as you know."
    assert not told("send_email", {"to": "a@b.example", "body": body}).approval_notice


def test_a_numbered_host_is_in_production() -> None:
    facts = told("bash", {"command": "ssh prod1 userdel bob"})
    assert (facts.deletes_users, facts.in_production) == (True, True)
    assert not told("delete_user", {"env": "non-prod1"}).in_production


@pytest.mark.parametrize("key", ["recipientName", "payee-name", "vendorName", "Supplier"])
def test_who_is_paid_is_read_however_the_argument_is_spelt(key: str) -> None:
    assert told("send_payment", {key: "Paper AG", "totalAmount": 30}, Tuning(vendors=("Paper AG",))) == BusinessFacts(
        pays=True, amount=30.0, vendor="Paper AG", vendor_known=True
    )


@pytest.mark.parametrize("tool", ["paypal_send", "zelle_send", "stripe.create_charge"])
def test_tools_of_payment_services_pay(tool: str) -> None:
    assert told(tool, {"recipient": "x", "amount": 30}).pays


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("execute_sql", {"sql": "SELECT name, soc_sec_no FROM employees WHERE id = 4"}),
        ("execute_sql", {"sql": "SELECT name, ss_number FROM employees WHERE id = 4"}),
        ("execute_sql", {"sql": "SELECT codice_fiscale FROM employees WHERE id = 4"}),
        ("mongo_find", {"collection": "people", "projection": {"ssn": 1}, "limit": 4}),
        ("mongo_aggregate", {"collection": "people", "pipeline": [{"$project": {"ssn": 1}}]}),
        ("get_employee", {"id": 4, "include_ssn": True}),
        ("http_get", {"url": "https://hr.example/api/employees?fields=name,ssn"}),
        ("python", {"code": "cur.execute('select ssn from staff limit 3')"}),
    ],
)
def test_social_security_numbers_are_asked_for_in_many_ways(tool: str, arguments: dict[str, JsonValue]) -> None:
    assert "social security number" in told(tool, arguments).personal_asked


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("execute_sql", {"sql": "SELECT first_name, last_name FROM customers LIMIT 1"}),
        ("execute_sql", {"sql": "SELECT home_phone FROM people LIMIT 2"}),
        ("get_customer", {"id": 4, "fields": ["email"]}),
        ("http_get", {"url": "https://crm.example/api/contacts?select=phone"}),
    ],
)
def test_contacts_are_asked_for_in_many_ways(tool: str, arguments: dict[str, JsonValue]) -> None:
    assert "contact" in told(tool, arguments).personal_asked


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("http_get", {"url": "https://encyclopedia.example/wiki/Social_security_number"}),
        ("get_weather", {"city": "Bern", "include_ssl": True}),
        ("create_ticket", {"ssn": 1}),
        ("execute_sql", {"sql": "SELECT classname FROM lessons LIMIT 3"}),
    ],
)
def test_what_only_speaks_of_such_numbers_asks_for_none(tool: str, arguments: dict[str, JsonValue]) -> None:
    assert told(tool, arguments).personal_asked == ()


@pytest.mark.parametrize(
    ("query", "many"),
    [
        ("SELECT TOP (5) id FROM orders", False),
        ("SELECT TOP (5000) id FROM orders", True),
        ("SELECT TOP 50 PERCENT id FROM orders", True),
        ("SELECT id FROM orders FETCH NEXT 5 ROWS ONLY", False),
        ("SELECT id FROM orders LIMIT 1000, 5", False),
        ("SELECT id FROM orders LIMIT 0, 5000", True),
        ("SELECT id FROM orders WHERE id > 0", True),
        ("SELECT table_name FROM information_schema.tables", False),
    ],
)
def test_bounds_of_queries_are_read_in_every_dialect(query: str, many: bool) -> None:
    assert told("execute_sql", {"sql": query}).many_records is many


@pytest.mark.parametrize("key", ["pageSize", "maxResults", "per-page", "first", "take"])
def test_a_page_may_be_too_large_however_its_size_is_called(key: str) -> None:
    assert told("list_orders", {key: 5000}).many_records


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("dump_database", {}),
        ("backup_database", {"name": "crm"}),
        ("bulk_export", {"object": "Contact"}),
        ("bash", {"command": "pg_dump crm > x.sql"}),
        ("bash", {"command": "sqlite3 crm.db .dump"}),
        ("bash", {"command": "psql -c '\\copy customers to x.csv csv'"}),
        ("execute_sql", {"sql": "EXPORT DATA OPTIONS(uri='gs://x') AS SELECT * FROM customers"}),
    ],
)
def test_dumps_are_exports_of_what_is_sensitive(tool: str, arguments: dict[str, JsonValue]) -> None:
    assert told(tool, arguments).sensitive_export


@pytest.mark.parametrize(
    "tool",
    ["redeploy", "bounce_service", "recycle_app_pool", "drain_node", "scale_to_zero", "terminate_instance", "restart"],
)
def test_tools_that_stop_servers_are_told_also_where_nothing_else_is_known_of_them(tool: str) -> None:
    facts = told(tool, {"name": "web", "env": "prod"})
    assert (facts.restarts, facts.in_production) == (True, True)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("bash", {"command": 'psql -h prod -c "DELETE FROM users WHERE id=4"'}),
        ("bash", {"command": "mongosh prod --eval 'db.users.deleteOne({id: 4})'"}),
        ("execute_sql", {"sql": "WITH a AS (DELETE FROM users WHERE id = 4 RETURNING 1) SELECT 1", "db": "prod"}),
        ("http_request", {"method": "DELETE", "url": "https://api.prod.example/users/4"}),
        ("admin_delete_user", {"user": "bob", "env": "prod"}),
        ("deactivate_user", {"user": "bob", "env": "prod"}),
    ],
)
def test_users_are_deleted_in_many_ways_and_that_is_no_change_of_permissions(
    tool: str, arguments: dict[str, JsonValue]
) -> None:
    facts = told(tool, arguments)
    assert (facts.deletes_users, facts.in_production, facts.changes_permissions) == (True, True, False)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("remove_user_from_group", {"user": "a", "group": "admins"}),
        ("delete_user_role", {"user": "a"}),
        ("elevate_privileges", {}),
        ("give_access", {"user": "a"}),
        ("open_firewall_port", {"port": 22}),
        ("patch_user", {"id": 4, "isAdmin": True}),
        ("execute_sql", {"sql": "EXEC sp_addrolemember 'db_owner', 'bob'"}),
        ("bash", {"command": "echo 'bob ALL=(ALL) NOPASSWD: ALL' >> /etc/sudoers"}),
    ],
)
def test_permissions_are_changed_in_many_ways(tool: str, arguments: dict[str, JsonValue]) -> None:
    assert told(tool, arguments).changes_permissions


@pytest.mark.parametrize("tool", ["send_loan_approval", "send_approval", "notify_approval", "approve_application"])
def test_a_tool_is_a_notice_of_approval_by_its_name(tool: str) -> None:
    tuning = Tuning(required_documents=("proof of income",))
    assert told(tool, {"applicant": "Kim"}, tuning).missing_documents == ("proof of income",)
    assert not told(tool, {"applicant": "Kim", "documents": ["proof_of_income.pdf"]}, tuning).missing_documents
    assert not told(tool, {"applicant": "Kim"}, tuning).pays
