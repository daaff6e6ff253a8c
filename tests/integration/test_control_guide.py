from fixtures.three_strikes import PAGE, transcript


def test_the_guide_shows_the_walk_of_an_agent_that_goes_too_far_as_it_is() -> None:
    assert transcript() in PAGE.read_text(encoding="utf-8"), "docs/control.md is not what happens: run `make docs`"
