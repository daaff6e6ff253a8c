import pytest

from sentric_analyzer.api.needs import HEALTH, OPEN, needs
from sentric_analyzer.control import Scope


@pytest.mark.parametrize("scope", list(Scope))
def test_a_scope_is_enough_for_what_names_it(scope: Scope) -> None:
    assert needs(scope).met_by(frozenset({scope}))
    assert not needs(scope).met_by(frozenset())


def test_admin_is_enough_for_what_people_do_and_not_for_what_agents_do() -> None:
    met = {scope for scope in Scope if needs(scope).met_by(frozenset({Scope.ADMIN}))}
    assert met == set(Scope) - {Scope.DECIDE, Scope.INGEST}


def test_one_of_several_scopes_is_enough() -> None:
    either = needs(Scope.APPROVE, Scope.DECIDE)
    assert either.met_by(frozenset({Scope.DECIDE}))
    assert either.met_by(frozenset({Scope.ADMIN}))
    assert not either.met_by(frozenset({Scope.READ, Scope.OPERATE}))


def test_it_is_told_with_every_scope_that_is_enough() -> None:
    assert str(needs(Scope.APPROVE, Scope.DECIDE)) == "approve or decide or admin"
    assert str(needs(Scope.DECIDE)) == "decide"
    assert str(needs(Scope.ADMIN)) == "admin"


def test_what_is_open_takes_nothing() -> None:
    for nothing in (OPEN, HEALTH):
        assert nothing.open
        assert nothing.met_by(frozenset())
