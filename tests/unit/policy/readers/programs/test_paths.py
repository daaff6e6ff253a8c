import pytest

from sentric.policy.readers.programs.paths import Ground, Persistence, Secrecy, ground, normal, persistence, secrecy


@pytest.mark.parametrize(
    ("path", "level"),
    [
        ("~/.ssh/id_rsa", Secrecy.PERSONAL),
        ("/home/ana/.ssh/work", Secrecy.PERSONAL),
        ("~/.aws/credentials", Secrecy.PERSONAL),
        ("file:///home/ana/.netrc", Secrecy.PERSONAL),
        ("/proc/1/environ", Secrecy.PERSONAL),
        ("/etc/shadow", Secrecy.PERSONAL),
        ("C:\\Users\\b\\AppData\\Local\\Google\\Chrome\\User Data\\Default\\Login Data", Secrecy.PERSONAL),
        ("x/Library/Keychains/login.keychain-db", Secrecy.PERSONAL),
        ("~/.ssh", Secrecy.PERSONAL),
        ("~/.aws/", Secrecy.PERSONAL),
        (".env", Secrecy.PROJECT),
        ("app/.env.production", Secrecy.PROJECT),
        ("~/.kube/config", Secrecy.PROJECT),
        ("certs/server.pem", Secrecy.PROJECT),
        (".env.example", None),
        ("~/.ssh/id_rsa.pub", None),
        ("~/.ssh/config", None),
        ("~/.ssh/known_hosts", None),
        ("src/shadow", None),
        ("README.md", None),
        ("", None),
        ("a" * 5000, None),
    ],
)
def test_files_with_credentials_are_known(path: str, level: Secrecy | None) -> None:
    assert secrecy(path) is level


@pytest.mark.parametrize(
    ("path", "level"),
    [
        ("~/.ssh/authorized_keys", Persistence.STARTUP),
        ("/etc/cron.d/x", Persistence.STARTUP),
        (".git/hooks/post-checkout", Persistence.STARTUP),
        ("~/.cursor/mcp.json", Persistence.STARTUP),
        ("~/Library/LaunchAgents/a.plist", Persistence.STARTUP),
        ("~/.config/systemd/user/a.service", Persistence.STARTUP),
        ("~/.bashrc", Persistence.PROFILE),
        ("/repo/AGENTS.md", Persistence.PROFILE),
        ("/etc/hosts", Persistence.PROFILE),
        ("src/hosts", None),
        ("src/profile.tsx", None),
        ("mcp.json.example", None),
        ("report.md", None),
    ],
)
def test_files_that_outlast_the_run_are_known(path: str, level: Persistence | None) -> None:
    assert persistence(path) is level


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/", Ground.SYSTEM),
        ("/*", Ground.SYSTEM),
        ("~", Ground.SYSTEM),
        ("$HOME/*", Ground.SYSTEM),
        ("/home/ana", Ground.SYSTEM),
        ("C:\\", Ground.SYSTEM),
        ("C:\\Users\\ana", Ground.SYSTEM),
        ("/srv/app", Ground.KEPT),
        ("/var/lib/postgresql", Ground.KEPT),
        ("~/Documents/taxes", Ground.KEPT),
        ("./build", Ground.REBUILT),
        ("node_modules/", Ground.REBUILT),
        ("$TMPDIR/x", Ground.REBUILT),
        ("src", Ground.WORK),
        ("../x", Ground.WORK),
        ("/app/src/x", Ground.WORK),
    ],
)
def test_what_is_lost_with_a_directory_is_known(path: str, what: Ground) -> None:
    assert ground(path) is what


def test_a_path_has_one_spelling() -> None:
    assert normal("'C:\\Users\\\\Ana'") == "c:/users/ana"
