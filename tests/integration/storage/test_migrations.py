from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.spans import span
from fixtures.store_rows import rows
from sentric_analyzer.storage import Store, StoreError, embedded_url
from sentric_analyzer.storage import store as store_module
from sentric_analyzer.storage.migrations import Migration, migrate, shipped
from support.otlp import batch_of


def test_a_new_store_has_every_migration_recorded(new_store: Store) -> None:
    recorded = rows(new_store, "SELECT Version, Name FROM sentric_migrations ORDER BY Version")

    assert recorded == [(migration.version, migration.name) for migration in shipped()]
    assert rows(new_store, "SELECT name, engine FROM system.databases WHERE name = 'sentric'") == [
        ("sentric", "Atomic")
    ]


def test_opening_a_store_again_changes_nothing(tmp_path: Path, new_store: Store) -> None:
    new_store.insert_spans([batch_of([span(1)])], "a")
    before = rows(
        new_store, "SELECT name, create_table_query FROM system.tables WHERE database = 'sentric' ORDER BY name"
    )
    with Store.open(embedded_url(tmp_path)) as again:
        assert again.counts()["otel_traces"] == 1

    assert (
        rows(new_store, "SELECT name, create_table_query FROM system.tables WHERE database = 'sentric' ORDER BY name")
        == before
    )
    assert rows(new_store, "SELECT count() FROM sentric_migrations") == [(len(shipped()),)]


def test_a_migration_that_was_cut_off_is_taken_up_again(new_store: Store) -> None:
    broken = Migration(99, "more", "CREATE TABLE IF NOT EXISTS more (A UInt8) ENGINE = Memory; SELECT nothing")
    with new_store._connections.client() as client:
        with pytest.raises(Exception, match="nothing"):
            migrate(client, "sentric", [*shipped(), broken])
        whole = replace(broken, sql="CREATE TABLE IF NOT EXISTS more (A UInt8) ENGINE = Memory; SELECT 1")
        assert migrate(client, "sentric", [*shipped(), whole]) == ["0099_more"]

    assert rows(new_store, "SELECT count() FROM sentric_migrations WHERE Version = 99") == [(1,)]


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path, new_store: Store) -> None:
    with new_store._connections.client() as client:
        migrate(client, "sentric", [*shipped(), Migration(99, "from_the_future", "SELECT 1")])
    new_store.close()

    with pytest.raises(StoreError, match="0099_from_the_future, which this Sentric does not know: upgrade Sentric"):
        Store.open(embedded_url(tmp_path))


def test_a_migration_that_changed_since_it_was_applied_is_refused(
    tmp_path: Path, new_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_store.close()
    first, *others = shipped()
    changed = (replace(first, sql=first.sql + "-- changed"), *others)
    monkeypatch.setattr(store_module, "shipped", lambda: changed)

    with pytest.raises(StoreError, match=f"migration {first.label} is not the one that was applied"):
        Store.open(embedded_url(tmp_path))


def test_runs_of_an_older_store_keep_what_is_known_of_their_coverage(new_store: Store) -> None:
    first = [migration for migration in shipped() if migration.version < 4]
    with new_store._connections.client() as client:
        migrate(client, "older", first)
        client.command("INSERT INTO older.agent_runs (Project, RunId, Blind) VALUES ('shop', 'before', 2)")
        assert migrate(client, "older", shipped()) == [
            "0004_not_evaluated",
            "0005_parents",
            "0006_shadow",
            "0007_opinions",
        ]
        migrate(client, "older", shipped())
        found = client.query(
            "SELECT Blind, WithoutArguments, WithoutResults, Unheard, `NotEvaluated.RuleId` FROM older.agent_runs FINAL"
        ).result_rows
    assert found == [(2, 2, 2, 0, [])]
