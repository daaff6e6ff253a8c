"""A process that judges and cannot start is waited for, and the service says so meanwhile."""

from pathlib import Path

from support.load import counted, post
from support.serving import poll, reason, serving

ATTACK = Path(__file__).parents[2] / "fixtures" / "otlp" / "otel-genai-openai-agents-with-openai.otlp.pb"


def test_judges_that_cannot_start_are_unready_and_judge_once_they_can(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("policy: ours\n")
    with serving(tmp_path / "data", SENTRIC_POLICY=str(policy)) as service:
        poll(service.ready)
        policy.write_text("policy: theirs\ndisable: [data-sent-outside-task]\n")
        assert post(service.stated["otlp_http"], ATTACK.read_bytes())[0] == 200
        poll(lambda: "was changed since the service has read it" in reason(service))
        poll(lambda: counted(service, 'sentric_process_deaths_total{process="judge"}') >= 2)
        assert service.get("/v1/runs") == {"runs": [], "next": None}
        policy.write_text("policy: ours\n")
        poll(lambda: service.get("/v1/runs")["runs"])
        poll(service.ready)
        assert service.stop() == 0
