import pytest

from sentric.events import Action, JsonValue
from sentric.policy.readers.actions.effects import classify
from sentric.policy.rule import Tuning
from sentric.policy.signals.business import Business


def changes_permissions(tool: str, arguments: dict[str, JsonValue]) -> bool:
    kind, effects = classify(tool, arguments)
    action = Action(sequence=1, tool=tool, arguments=arguments, kind=kind, effects=effects)
    return Business(Tuning()).action(action).changes_permissions


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("execute_sql", {"query": "GRANT/**/ALL ON x TO bob"}),
        ("execute_sql", {"query": "ALTER USER bob WITH SUPERUSER"}),
        ("execute_sql", {"query": "UPDATE users SET role='admin' WHERE id=5"}),
        ("bash", {"command": 'psql -c "GRANT ALL ON x TO bob"'}),
        ("bash", {"command": "aws iam attach-user-policy --user-name bob --policy-arn arn:x"}),
        ("bash", {"command": "gcloud projects add-iam-policy-binding p --member=user:x --role=roles/owner"}),
        ("bash", {"command": "kubectl create clusterrolebinding x --clusterrole=cluster-admin --user=bob"}),
        ("bash", {"command": "gh api -X PUT repos/o/r/collaborators/bob"}),
        ("update_repo", {"repo": "x", "visibility": "public"}),
        ("patch_user", {"id": 1, "is_admin": True}),
        ("update_user", {"id": 1, "fields": {"role": "owner"}}),
    ],
)
def test_a_change_of_rights_is_told(tool: str, arguments: dict[str, JsonValue]) -> None:
    assert changes_permissions(tool, arguments)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("execute_sql", {"query": "UPDATE users SET email='admin' WHERE role=5"}),
        ("execute_sql", {"query": "CREATE TABLE role (a int)"}),
        ("bash", {"command": "chmod +x build.sh"}),
        ("bash", {"command": "aws iam list-users && kubectl get rolebindings"}),
        ("bash", {"command": "gh api repos/o/r/collaborators"}),
        ("update_user", {"id": 1, "fields": {"email": "x"}}),
        ("update_repo", {"repo": "x", "visibility": "private"}),
        ("update_issue", {"id": 3, "labels": ["x"], "assignee": "bob"}),
        ("chat", {"messages": [{"role": "user", "content": "hi"}]}),
    ],
)
def test_what_changes_no_rights_is_left_alone(tool: str, arguments: dict[str, JsonValue]) -> None:
    assert not changes_permissions(tool, arguments)
