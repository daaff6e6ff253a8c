from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentric.policy.readers.programs.statements import losses, statements
from support.linear import assert_linear, repeated


@pytest.mark.parametrize(
    ("text", "what", "target", "is_whole"),
    [
        ("DROP TABLE users", "drops a table", "users", True),
        ('drop table if exists public."Orders" cascade;', "drops a table", "public.orders", True),
        ("SELECT 1; DROP/**/SCHEMA a", "drops a schema", "a", True),
        ("DROP DATABASE prod", "drops a database", "prod", True),
        ("truncate table logs", "empties a table", "logs", True),
        ("DELETE FROM a", "deletes every row of a table", "a", True),
        ("delete from a where 1=1", "deletes every row of a table", "a", True),
        ("delete from a where 'x'='x'", "deletes every row of a table", "a", True),
        ("with d as (delete from a returning *) select * from d", "deletes every row of a table", "a", True),
        ("UPDATE t SET a='where'", "changes every row of a table", "t", False),
        ("alter table a drop column b", "drops a column", "a", False),
        ("drop user ana", "drops a user", "ana", False),
        ("DO $$ BEGIN DROP TABLE users; END $$", "drops a table", "users", True),
        ("DELETE users", "deletes every row of a table", "users", True),
        ("DELETE u FROM users u", "deletes every row of a table", "users", True),
        ("DELETE FROM users WHERE id > 0", "deletes every row of a table", "users", True),
        ("DELETE FROM users WHERE id IS NOT NULL", "deletes every row of a table", "users", True),
        ("ALTER TABLE users TRUNCATE PARTITION p", "empties a part of a table", "users", True),
        ("DROP MATERIALIZED VIEW IF EXISTS v", "drops a view", "v", False),
        ("CREATE TABLE IF NOT EXISTS users (a int); DROP TABLE users", "drops a table", "users", True),
    ],
)
def test_what_is_lost_is_told(text: str, what: str, target: str, is_whole: bool) -> None:
    (loss,) = losses(text)
    assert (loss.what, loss.target, loss.is_whole) == (what, target, is_whole)


@pytest.mark.parametrize(
    "text",
    [
        "select * from a",
        "delete from a where id = 3",
        "delete a where id = 3",
        "delete u from users u where u.id = 3",
        "delete from orders where cancelled_at is not null",
        "create table a (b int); drop table a",
        "begin transaction; select 1; commit",
        "update t set a = 1 where b = 2",
        "-- drop table x\nselect 1",
        "/* drop table x */ select 1",
        "select 'drop table x; delete from y'",
        "select $$drop table x; drop table y$$",
        "create temp table x (a int); insert into x values (1); drop table x",
        "explain delete from a",
        "drop index i",
        "alter table a drop constraint c",
        "create table c (id int references a on delete cascade)",
        "please drop table x",
        "",
        ";;;",
    ],
)
def test_what_loses_nothing_is_left_alone(text: str) -> None:
    assert losses(text) == ()


def test_words_of_a_statement_can_be_asked_for() -> None:
    (statement,) = statements("SELECT a FROM t LIMIT 5")
    assert statement.verb == "select"
    assert statement.after("limit") == "5"
    assert statement.after("offset") == ""


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("drop table; '\"-/*$\n()delete from where=1"), max_size=100))
def test_no_text_is_too_strange(text: str) -> None:
    assert isinstance(losses(text), tuple)


@pytest.mark.parametrize(
    "text",
    [
        "/*!50000 DROP TABLE users */",
        "DROP#x\nTABLE users",
        "EXEC('DROP TABLE users')",
        "EXECUTE IMMEDIATE 'DR'||'OP TABLE users'",
        "PREPARE s FROM 'DROP TABLE users'; EXECUTE s",
        "DO $$ BEGIN EXECUTE 'DROP TABLE users'; END $$",
        "EXPLAIN (ANALYZE, BUFFERS) DELETE FROM users",
        "CREATE OR REPLACE TABLE users AS SELECT 1",
        "DELETE FROM users WHERE id=id",
        "DELETE FROM users WHERE id = 3 OR (2 > 1)",
        "WITH a AS (SELECT 1 FROM b WHERE x = 1) DELETE FROM users",
        "MERGE INTO users USING y ON 1=1 WHEN MATCHED THEN DELETE",
        "SELECT 'it\\'s'; DROP TABLE users",
        "SELECT 1; " * 20_000 + "DROP TABLE users",
        "DROP FOREIGN TABLE users",
    ],
)
def test_a_loss_in_disguise_is_told(text: str) -> None:
    (loss,) = losses(text)
    assert (loss.target, loss.is_whole) == ("users", True)


@pytest.mark.parametrize(
    "text",
    [
        "EXPLAIN DELETE FROM users",
        "DELETE FROM users WHERE 1=0",
        "DELETE FROM users WHERE id IN (SELECT id FROM b WHERE 1=1)",
        "DELETE FROM users WHERE id = 3 ORDER BY id LIMIT 5",
        "MERGE INTO x USING y ON x.i = y.i WHEN MATCHED THEN DELETE",
        "INSERT INTO notes VALUES ('please drop table users; drop table b')",
        "SELECT a #> b FROM c",
    ],
)
def test_what_only_looks_like_a_loss_is_none(text: str) -> None:
    assert losses(text) == ()


@pytest.mark.parametrize(
    ("head", "bait", "tail"),
    [
        ("exec 'x", "\\'", ""),
        ("", "(", "select 1"),
        ("delete from a where ", "(", "1=1"),
        ("exec ", "'a'||", ""),
        ("select ", "#", ""),
        ("", "begin ", ""),
    ],
)
def test_hostile_statements_take_linear_time(head: str, bait: str, tail: str) -> None:
    assert_linear(lambda size: partial(statements, head + repeated(bait, size) + tail), 30_000)


_PARTS = st.sampled_from([
    "drop table a", "Write to them", "delete from b", ";", " ", "\n", "(", "'", '"', "`", "[", "]", "--", "/*", "*/",
    "#", "$", "$$", "/*!50000", ".", "-", "ü", "\u212a", "\u0130", "sel", "ect 1", "ROLLBAC", "x", "\\'", ",",
])  # fmt: skip


@settings(max_examples=1000, deadline=None)
@given(st.lists(_PARTS, max_size=8).map("".join))
def test_what_is_passed_over_as_prose_has_no_statements(text: str) -> None:
    assert statements(text) == statements("begin;" + text)[1:]
