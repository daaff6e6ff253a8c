from sentric.policy.readers.programs import teardown
from sentric.policy.readers.programs.programs import of_words


def targets(*words: str) -> tuple[str, ...]:
    (call,) = of_words(words)
    found = {"git": teardown.git, "kubectl": teardown.kubernetes, "docker": teardown.docker}[call.program](call)
    return found.targets if found is not None else ("nothing",)


def test_what_goes_is_named() -> None:
    assert targets("git", "push", "--force", "origin", "HEAD:refs/heads/main") == ("main",)
    assert targets("git", "-C", "/repo", "push", "--delete", "origin", "old") == ("old",)
    assert targets("kubectl", "-n", "a", "delete", "deployment", "web") == ("web",)
    assert targets("docker", "volume", "rm", "data") == ("data",)


def test_what_only_looks_is_left_alone() -> None:
    assert targets("git", "log") == ("nothing",)
    assert targets("kubectl", "get", "pods") == ("nothing",)
    assert targets("docker", "images") == ("nothing",)
