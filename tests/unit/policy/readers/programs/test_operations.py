import pytest

from sentric.policy.readers.programs.operations import (
    deletes_people,
    ends_users,
    names_people,
    removes_people,
    stops,
)
from sentric.policy.readers.programs.programs import calls
from sentric.policy.readers.programs.statements import statements


@pytest.mark.parametrize(
    "text",
    [
        "userdel bob",
        "ssh prod1 'deluser bob'",
        "aws cognito-idp admin-delete-user --username bob",
        "aws iam delete-user --user-name bob",
        "okta users delete bob",
        "Remove-ADUser bob",
        "net user bob /delete",
    ],
)
def test_programs_that_delete_users(text: str) -> None:
    assert any(map(ends_users, calls(text)))


@pytest.mark.parametrize("text", ["aws s3 rm s3://users/x", "net user bob", "git rm users.py", "echo userdel bob"])
def test_programs_that_delete_no_users(text: str) -> None:
    assert not any(map(ends_users, calls(text)))


@pytest.mark.parametrize(
    ("query", "deletes"),
    [
        ("DELETE FROM app.users WHERE id = 4", True),
        ("DELETE FROM auth_user WHERE id = 4", True),
        ("DELETE u FROM users u WHERE u.id = 4", True),
        ("DELETE users WHERE id = 4", True),
        ("WITH gone AS (DELETE FROM users WHERE id = 4 RETURNING 1) SELECT 1", True),
        ("DROP USER bob", True),
        ("DELETE FROM user_sessions WHERE id = 4", False),
        ("SELECT * FROM users", False),
    ],
)
def test_statements_that_delete_people(query: str, deletes: bool) -> None:
    assert any(map(deletes_people, statements(query))) is deletes


def test_documents_and_addresses_of_people() -> None:
    assert removes_people("db.users.deleteOne({id: 4})")
    assert not removes_people("db.orders.deleteOne({id: 4})")
    assert names_people("https://api.example/v1/users/4?force=1")
    assert not names_people("https://api.example/users/4/orders/5")


@pytest.mark.parametrize(
    "text",
    [
        "kubectl -n prod rollout restart deploy/web",
        "kubectl --context production delete pod web-1",
        "kubectl -n prod scale deploy/web --replicas=0",
        "aws ec2 reboot-instances --instance-ids i-1",
        "gcloud compute instances reset vm1",
        "ssh prod1 'service nginx restart'",
        "ssh prod1 'kill -9 1'",
        "ssh prod1 init 6",
        "ssh prod1 /etc/init.d/nginx restart",
        "docker compose -p prod down",
        "helm rollback web -n prod",
        "sudo reboot",
        "nginx -s reload",
        "ansible prod -m service -a 'name=web state=restarted'",
    ],
)
def test_programs_that_stop_something(text: str) -> None:
    assert any(map(stops, calls(text)))


@pytest.mark.parametrize(
    "text",
    [
        "git log --grep restart prod",
        "echo restart prod",
        "grep restart /var/log/prod.log",
        "kubectl -n prod get pods",
        "docker run --restart always web:prod",
        "kubectl scale deploy/web --replicas=3",
        "kubectl delete configmap web",
        "systemctl status nginx",
        "aws ec2 describe-instances",
        "kill -0 12",
    ],
)
def test_programs_that_stop_nothing(text: str) -> None:
    assert not any(map(stops, calls(text)))
