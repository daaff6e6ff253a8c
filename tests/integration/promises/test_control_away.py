from pathlib import Path

from support.postgres import Postgres
from support.serving import ENDS_WITHIN, poll, reason, serving

AWAY = "the control store does not answer"


def test_a_control_server_that_is_away_is_told_of_and_found_again_and_not_waited_for_at_the_end(
    postgresql: Postgres, postgresql_url: str, tmp_path: Path
) -> None:
    with serving(tmp_path / "data", SENTRIC_CONTROL=postgresql_url) as service:
        poll(service.ready)
        try:
            postgresql.kill()
            poll(lambda: AWAY in reason(service))
        finally:
            postgresql.start()
        poll(service.ready)
        with postgresql.paused():
            poll(lambda: AWAY in reason(service))
            status, taken = service.end()
        assert status == 0
        assert taken < ENDS_WITHIN
        assert "canary" not in service.errors()
