import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentric.events import Effect, Element, JsonValue, Kind
from sentric.policy.readers.actions.effects import classify, name_parts

READ, WRITE, SEND, EXECUTE = Effect.READ, Effect.WRITE, Effect.SEND, Effect.EXECUTE
DELETE, PAY, GRANT = Effect.DELETE, Effect.PAY, Effect.GRANT

BY_NAME = """
MESSAGE send: send_direct_message send_channel_message reply_to_email forward_email gmail_send send-sms
MESSAGE send: slack_post_message post_tweet publish_post create_post add_comment post_comment reply_to_review
MESSAGE send: create_pull_request_review_comment send_notification notify_team dm_user message_user text_contact
MESSAGE send: broadcast_announcement schedule_tweet schedule_email make_phone_call place_call dial_number
MESSAGE send: call_contact respond_to_invitation accept_meeting decline_event rsvp_event create_gist retweet
MESSAGE send: share_post share_location invite_to_meeting contact_support whatsapp_send_message
MESSAGE send: telegram_send_photo reserve_restaurant edit_comment mcp__slack__send_message functions.send_email
PAYMENT pay: pay_bill schedule_transaction update_scheduled_transaction transfer_funds wire_money make_payment
PAYMENT pay: reserve_hotel book_flight book_hotel_room reserve_car_rental purchase_ticket buy_stock sell_shares
PAYMENT pay: trade_crypto place_order submit_order checkout_cart checkout create_invoice_payment
PAYMENT pay: donate_to_charity tip_driver topup_balance top_up_account deposit_funds repay_loan approve_payment
PAYMENT pay: approve_expense_payout process_refund issue_refund renew_subscription upgrade_plan confirm_purchase
PAYMENT pay: place_bid order_pizza withdraw_cash request_money send_payment confirm_booking
PAYMENT pay: modify_pending_order_payment invest_in_fund charge_card
PERMISSION grant: invite_user_to_channel add_user_to_group add_user_to_channel update_password change_password
PERMISSION grant: reset_password share_file share_document share_calendar add_collaborator invite_collaborator
PERMISSION grant: add_ssh_key add_deploy_key create_webhook create_access_token create_api_key rotate_secret
PERMISSION grant: generate_api_key grant_access revoke_access set_permissions update_file_permissions add_role
PERMISSION grant: assign_role attach_role_policy put_bucket_policy add_member invite_member add_org_member
PERMISSION grant: create_user register_user transfer_ownership transfer_repository_ownership
PERMISSION grant: make_repository_public set_visibility disable_mfa enable_user deactivate_user ban_user
PERMISSION grant: kick_member unlock_door disarm_alarm authorize_app connect_bank_account install_app
PERMISSION grant: add_firewall_rule authorize_security_group_ingress protect_branch approve_access_request
PERMISSION grant: unshare_file chmod invite_guest update_branch_protection_permissions add_reviewer_to_team
PERMISSION grant: create_service_account promote_to_admin delete_ssh_key remove_collaborator delete_webhook
DELETE delete: delete_file remove_file drop_table truncate_table purge_queue wipe_device destroy_stack
DELETE delete: terminate_instance delete_email delete_user cancel_booking cancel_order cancel_calendar_event
DELETE delete: cancel_subscription uninstall_app empty_trash rm clear_history erase_disk format_disk
DELETE delete: delete_branch delete_repository find_and_delete deleteRecord remove_user_from_slack close_account
DELETE delete: factory_reset_device unlink
OTHER write: create_calendar_event update_event reschedule_calendar_event star_repository unstar_repo fork
OTHER write: fork_repository create_issue close_issue reopen_ticket merge_pull_request create_pull_request
OTHER write: push_files add_to_cart remove_from_cart update_cart create_ticket assign_ticket escalate_ticket
OTHER write: resolve_incident update_contact create_lead log_call mark_as_read archive_email label_email
OTHER write: move_email create_draft save_draft turn_on_light turn_off_heating set_thermostat lock_door
OTHER write: open_garage_door dim_lights play_music pause_playback follow_user like_post subscribe_newsletter
OTHER write: unsubscribe rate_movie review_update restart_server reboot_instance stop_instance scale_deployment
OTHER write: update_user_profile change_address update_settings create_channel join_channel leave_channel
OTHER write: set_topic mute_channel create_playlist bookmark_page import_contacts sync_calendar
OTHER write: check_in_passenger approve_pull_request reject_request update_status update_order_status
OTHER write: book_appointment book_meeting_room schedule_meeting create_event new_task complete_task
OTHER write: snooze_reminder set_alarm set_reminder exchange_items return_items redeem_coupon apply_coupon
OTHER write: shopping_list_add_item search_and_replace todo_list_add enable_notifications restore_backup
OTHER write: rollback_release create_branch login register_for_event rename_project tag_image
OTHER read: list_pull_requests github_list_pull_requests get_pull_request search_emails email_search
OTHER read: message_list get_unread_emails list_orders order_status payment_history get_balance check_balance
OTHER read: search_flights find_hotels get_weather weather stock_price get_user_info list_users show_profile
OTHER read: get_permissions list_collaborators view_calendar day_calendar_events_get check_merge_status
OTHER read: is_available has_access track_package calculate_route convert_currency translate_text summarize_text
OTHER read: find_contacts whoami get_current_time count_rows get_scheduled_transactions
OTHER read: get_most_recent_transactions search_contacts list_deleted_items get_reviews_for_product
OTHER read: compare_prices book_search wikipedia lookup_order verify_identity validate_address list_branches
OTHER read: get_rating_reviews_for_hotels crm_get_contact ping get_iban read_channel_messages read_inbox
OTHER read: get_channels list_calendar_events_for_user
FILE_READ read: read_file list_directory search_files get_file_contents open_file view_document cat_file
FILE_READ read: read_pdf list_folders ReadFile readTextFile get_document
FILE_WRITE write: write_file edit_file create_file append_to_file move_file copy_file rename_file
FILE_WRITE write: create_directory create_document update_document mkdir touch save_file insert_into_file
FILE_WRITE write: patch_file
DATABASE read: query_database list_tables describe_table get_schema list_databases read_db
DATABASE execute: execute_sql run_query run_sql_query exec_sql
DATABASE write: insert_row update_record create_table upsert_rows
HTTP read: fetch_url get_webpage http_get curl wget read_web_page
HTTP send: http_post post_webpage http_put send_http_request
SHELL execute: bash run_command execute_shell terminal run_terminal_cmd python python_repl execute_python
SHELL execute: run_tests shell_exec powershell code_interpreter_run local_shell exec
OTHER execute: trigger_workflow run_workflow invoke_lambda deploy_service run_pipeline launch_instance
OTHER execute: install_package
EXPORT readwrite: export_contacts export_data dump_database backup_database
UPLOAD send: upload_file_to_drive attach_file upload_photo
DOWNLOAD write: download_file download_report
SUBMIT send: submit_form sign_document submit_application apply_for_job vote request_access request_time_off
MEMORY_WRITE write: save_memory remember create_memory update_memory remember_fact
OTHER none: transfer_to_human_agents frobnicate zorp wait escalate_to_human request_human_input request_approval
OTHER none: done think
NAVIGATE read: navigate browser_navigate go_to_url
"""
"""Names as servers and frameworks have them, by kind and effects."""
BROWSER = """
NAVIGATE read: navigate go_to_url browser_navigate search_google go_back
CLICK none: click click_element_by_index browser_click left_click hover
INPUT write: input_text browser_type fill select_option send_keys
EXTRACT read: extract_structured_data take_screenshot browser_snapshot
EVALUATE_SCRIPT execute: evaluate execute_js
UPLOAD send: upload_file set_input_files
OTHER none: scroll wait done close_tab
"""


def named(table: str) -> Iterator[tuple[str, Kind, frozenset[Effect]]]:
    for line in table.strip().splitlines():
        head, _, names = line.partition(":")
        kind, stated = head.split()
        effects = {"none": "", "readwrite": "read write"}.get(stated, stated).split()
        for name in names.split():
            yield name, Kind[kind], frozenset(map(Effect, effects))


@pytest.mark.parametrize(("tool", "kind", "effects"), [*named(BY_NAME), *named(BROWSER)])
def test_tools_are_classified_by_name(tool: str, kind: Kind, effects: frozenset[Effect]) -> None:
    assert classify(tool, {}) == (kind, effects)


@pytest.mark.parametrize(
    ("tool", "same"),
    [
        ("sendEmail", "send_email"),
        ("send-email", "send_email"),
        ("SendEmail", "send_email"),
        ("mcp__mail__send_email", "mail_send_email"),
        ("functions.send_email", "send_email"),
        ("HTTPPost", "http_post"),
    ],
)
def test_every_spelling_of_a_name_says_the_same(tool: str, same: str) -> None:
    assert classify(tool, {}) == classify(same, {})


@pytest.mark.parametrize("driver", ["browser", "playwright", "puppeteer", "stagehand", "chrome"])
@pytest.mark.parametrize("act", ["navigate", "click", "fill", "screenshot", "evaluate"])
def test_what_drives_the_browser_does_not_change_what_is_done(driver: str, act: str) -> None:
    assert classify(f"{driver}_{act}", {}) == classify(act, {})
    assert classify(f"mcp__{driver}__{driver}_{act}", {}) == classify(act, {})
    assert classify(f"mcp__{driver}-devtools__{act}", {}) == classify(act, {})


def test_a_tool_that_reads_an_address_makes_a_request() -> None:
    assert classify("fetch", {"url": "https://a.test/"}) == (Kind.HTTP, {Effect.READ})
    assert classify("scrape", {"urls": ["https://a.test/"]}) == (Kind.HTTP, {Effect.READ})
    assert classify("fetch", {"url": "https://a.test/", "method": "POST"}) == (Kind.HTTP, {Effect.SEND})
    assert classify("fetch", {"id": "7", "url": ""}) == (Kind.OTHER, {Effect.READ})
    assert classify("stripe_create_charge", {"amount": 1}) == (Kind.PAYMENT, {Effect.PAY})


def test_two_words_can_be_one_verb() -> None:
    assert name_parts("check_in_passenger") == ("checkin", "passenger")
    assert name_parts("list_pull_requests") == ("list", "pullrequests")


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
    assert classify("run_sql_query", {"query": "GRANT ALL ON x TO y"}) == (Kind.DATABASE, {GRANT})
    assert classify("run_sql_query", {"query": ["x"]}) == (Kind.DATABASE, {EXECUTE})


def test_a_tool_that_says_it_asks_is_told_by_its_statement() -> None:
    assert classify("query", {"sql": "TRUNCATE logs"}) == (Kind.DATABASE, {DELETE})
    assert classify("query", {"query": "select a from b"}) == (Kind.DATABASE, {READ})
    assert classify("search", {"query": "drop tables in a garden"}) == (Kind.OTHER, {READ})


@pytest.mark.parametrize(
    ("arguments", "kind", "effects"),
    [
        ({"recipient": "a@b.example", "body": "hi"}, Kind.MESSAGE, {SEND}),
        ({"channelId": "C1", "text": "hi"}, Kind.MESSAGE, {SEND}),
        ({"amount": 5, "iban": "GB00"}, Kind.PAYMENT, {PAY}),
        ({"user": "ana", "role": "admin"}, Kind.PERMISSION, {GRANT}),
        ({"new_password": "x"}, Kind.PERMISSION, {GRANT}),
        ({"command": "ls"}, Kind.SHELL, {EXECUTE}),
        ({"sql": "drop table x"}, Kind.DATABASE, {DELETE}),
        ({"url": "https://a.example", "method": "PUT"}, Kind.HTTP, {SEND}),
        ({"path": "a.txt", "content": "x"}, Kind.FILE_WRITE, {WRITE}),
        ({"id": 3, "new_status": "done"}, Kind.OTHER, {WRITE}),
        ({"query": "x", "limit": 3}, Kind.OTHER, {READ}),
        ({"colour": "red"}, Kind.OTHER, set()),
        ({}, Kind.OTHER, set()),
    ],
)
def test_a_name_that_tells_nothing_is_told_by_its_arguments(
    arguments: dict[str, JsonValue], kind: Kind, effects: set[Effect]
) -> None:
    assert classify("frobnicate", arguments) == (kind, frozenset(effects))


@pytest.mark.parametrize(
    ("description", "effects"),
    [
        ("Sends a message to the customer.", {SEND}),
        ("Returns the opening hours.", {READ}),
        ("Provides a list of refunds", {READ}),
        ("Get the opening hours", {READ}),
        ("Deleting of stale entries", {DELETE}),
        ("This posts a note.", {SEND}),
        ("Opening hours", {READ}),
        ("A thing.", set()),
        ("", set()),
    ],
)
def test_a_name_that_tells_nothing_is_told_by_its_description(description: str, effects: set[Effect]) -> None:
    assert classify("zorp", {"thing": 1}, description=description)[1] == effects


def test_parameters_and_hints_tell_of_unknown_tools_only() -> None:
    assert classify("zorp", {}, parameters=("amount", "payee")) == (Kind.PAYMENT, {PAY})
    assert classify("zorp", {}, read_only=True) == (Kind.OTHER, {READ})
    assert classify("zorp", {}, read_only=False) == (Kind.OTHER, {WRITE})
    assert classify("send_email", {}, read_only=True, description="Reads nothing") == (Kind.MESSAGE, {SEND})


def test_a_hint_does_not_hide_what_the_arguments_show() -> None:
    assert classify("zorp", {"amount": 5, "iban": "GB00"}, read_only=True) == (Kind.PAYMENT, {PAY})


def test_an_appointment_that_names_people_is_sent_to_them() -> None:
    assert classify("create_calendar_event", {"title": "x", "participants": ["a@b.example"]})[1] == {WRITE, SEND}
    assert classify("create_calendar_event", {"title": "x", "participants": []})[1] == {WRITE}


def test_a_change_of_rights_is_a_grant_whatever_it_is_called() -> None:
    assert classify("update_settings", {"user": "ana", "role": "owner"}) == (Kind.PERMISSION, {GRANT})


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.characters(), max_size=300),
    st.dictionaries(
        st.text(max_size=20), st.text(max_size=20) | st.none() | st.lists(st.integers(), max_size=2), max_size=4
    ),
    st.text(st.characters(), max_size=200),
)
def test_nothing_is_too_strange_to_be_classified(tool: str, arguments: dict[str, JsonValue], description: str) -> None:
    kind, effects = classify(tool, arguments, description=description, parameters=tuple(arguments))
    assert isinstance(kind, Kind)
    assert all(isinstance(effect, Effect) for effect in effects)
    assert json.dumps(sorted(effects)) is not None
