import pytest

from sentric.policy.readers.programs.destruction import destruction, of_statements, through
from sentric.policy.readers.programs.loss import TABLES, TARGETS_KEPT, Extent, lost
from sentric.policy.readers.programs.programs import calls

RUINOUS, LASTING, LIMITED = Extent.RUINOUS, Extent.LASTING, Extent.LIMITED


def extents(text: str) -> list[Extent]:
    found = [destruction(each) for call in calls(text) for each in through(call)]
    return [each.extent for each in found if each is not None]


@pytest.mark.parametrize(
    ("text", "extent"),
    [
        ("rm -rf /", RUINOUS),
        ("rm -r -f ~", RUINOUS),
        ("sudo rm --recursive --no-preserve-root /", RUINOUS),
        ("npx rimraf /", RUINOUS),
        ("find / -delete", RUINOUS),
        ("mkfs.ext4 /dev/sdb1", RUINOUS),
        ("dd if=/dev/zero of=/dev/nvme0n1", RUINOUS),
        ("cat x > /dev/sda", RUINOUS),
        ("chmod -R 777 /", RUINOUS),
        ("chown -R me /", RUINOUS),
        ("vssadmin delete shadows /all", RUINOUS),
        ("zpool destroy tank", RUINOUS),
        ("shred /dev/sda", RUINOUS),
        ("Remove-Item -Recurse -Force C:/", RUINOUS),
        ("del /s /q C:/Users/ana", RUINOUS),
        ("rm -rf /srv/data", LASTING),
        ("find / -name x -delete", LASTING),
        ("git push --force origin main", LASTING),
        ("git push origin :production", LASTING),
        ("kubectl delete ns web", LASTING),
        ("kubectl delete pods --all", LASTING),
        ("terraform destroy -auto-approve", LASTING),
        ("tofu apply -destroy", LASTING),
        ("pulumi down", LASTING),
        ("aws s3 rm s3://b --recursive", LASTING),
        ("aws rds delete-db-instance --db-instance-identifier x", LASTING),
        ("gcloud projects delete p", LASTING),
        ("heroku apps:destroy a", LASTING),
        ("psql -c 'DROP TABLE users'", LASTING),
        ("echo 'truncate t' | psql db", LASTING),
        ("mysql <<X\ndelete from a;\nX", LASTING),
        ("redis-cli -h a FLUSHALL", LASTING),
        ("mongosh --eval 'db.dropDatabase()'", LASTING),
        ("crontab -r", LASTING),
        ("userdel -r ana", LASTING),
        ("gh repo delete a/b --yes", LASTING),
        ("npm unpublish x --force", LASTING),
        ("wevtutil cl Security", LASTING),
        ("rm -rf src", LIMITED),
        ("find . -type f -delete", LIMITED),
        ("git push -f", LIMITED),
        ("git push --force-with-lease origin main", LIMITED),
        ("git reset --hard origin/main", LIMITED),
        ("git clean -fdx", LIMITED),
        ("git branch -D x", LIMITED),
        ("git stash clear", LIMITED),
        ("git filter-branch --all", LIMITED),
        ("docker system prune -af", LIMITED),
        ("docker compose down -v", LIMITED),
        ("docker rm -f $(docker ps -aq)", LIMITED),
        ("kubectl delete deployment web", LIMITED),
        ("helm uninstall web", LIMITED),
        ("vagrant destroy", LIMITED),
        ("aws sqs delete-message --queue q", LIMITED),
        ("npx prisma migrate reset --force", LIMITED),
        ("python manage.py flush", LIMITED),
        ("chmod -R 777 .", LIMITED),
        ("psql -c 'drop table tmp_x'", LIMITED),
        ("reboot", LIMITED),
        ("shutdown -h now", LIMITED),
    ],
)
def test_what_a_program_destroys_is_weighed(text: str, extent: Extent) -> None:
    assert extents(text) == [extent]


@pytest.mark.parametrize(
    "text",
    [
        "rm x",
        "rm -rf build node_modules",
        "rm -rf /tmp/x",
        "find . -name '*.pyc' -delete",
        "dd if=a of=b.img",
        "git push origin main",
        "git reset HEAD~1",
        "git branch -d merged",
        "docker ps",
        "docker compose down",
        "kubectl delete pod x",
        "kubectl get ns",
        "terraform plan",
        "aws s3 ls",
        "aws s3 rm s3://b/one.txt",
        "redis-cli get x",
        "psql -c 'select 1'",
        "echo 'drop table x' > notes.sql",
        "chmod 644 a",
        "chmod -R 755 dir",
        "chown -R me .",
        "npm publish",
        "shutdown -c",
        "mkfs.ext4 disk.img",
    ],
)
def test_what_is_ordinary_is_left_alone(text: str) -> None:
    assert extents(text) == []


def test_statements_say_what_they_lose() -> None:
    found = of_statements("drop table a; drop table b")
    assert found is not None
    assert found.extent is LASTING
    assert found.targets == ("a", "b")
    assert found.about is TABLES
    assert of_statements("select 1") is None


def test_targets_are_bounded() -> None:
    assert len(lost(LIMITED, "x", ("t",) * 50, TABLES).targets) == TARGETS_KEPT
