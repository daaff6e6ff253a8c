"""The policy in force as guards are given it: signed, so that one that was altered, or is an older one, is refused."""

from sentric.errors import PolicyError
from sentric.policy.supply import PURPOSE, Supply
from sentric_analyzer.control.signing import key_id_of, verify


def verified(document: object, public_key: str, *, project: str, least: int = 0) -> Supply:
    """Read a document of the policy in force, and make sure that a service has stated just that.

    Args:
        document: as `GET /v1/policies/active` answers it.
        public_key: of the service, in base64, as it is known from elsewhere: not from the document.
        project: whose policy is wanted.
        least: number of the activation that is known already.

    Raises:
        PolicyError: it is not what that service has stated for this project, or is older than what is known.
    """
    supply, signature = Supply.read(document)
    if (supply.key_id, supply.public_key) != (key_id_of(public_key), public_key):
        raise PolicyError([f"the policy that was sent is signed with another key, {supply.key_id[:32]!r}"])
    if not verify(public_key, PURPOSE, supply.message(), signature):
        raise PolicyError(["the policy that was sent was altered: its signature does not hold"])
    if supply.project != project:
        raise PolicyError([f"the policy that was sent is of project {supply.project!r}, not of {project!r}"])
    if supply.number < least:
        raise PolicyError(
            [f"the policy that was sent is an older one: activation {supply.number}, and {least} is known already"]
        )
    return supply
