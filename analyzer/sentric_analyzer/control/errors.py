"""What can go wrong with the control state."""

from sentric.errors import SentricError


class ControlError(SentricError):
    """The control store cannot be opened, or does not answer."""


class ControlBusyError(ControlError):
    """Others were in the way: nothing has happened, and the same may be tried again."""


class KeyRefusedError(SentricError):
    """A key cannot be made as it was asked for."""


class UnknownKeyError(SentricError):
    """No key, or more than one, is meant."""


class UnknownProjectError(SentricError):
    """There is no project of that name."""


class PersonRefusedError(SentricError):
    """A person cannot be added or changed as it was asked for."""


class UnknownPersonError(SentricError):
    """No person, or more than one, is meant."""


class UnknownAgentError(SentricError):
    """No agent is meant."""


class UnknownDecisionError(SentricError):
    """No decision is meant."""


class UnknownApprovalError(SentricError):
    """No approval, or more than one, is meant."""


class ApprovalStateError(SentricError):
    """An approval is past that step."""


class UnknownAttemptError(SentricError):
    """No attempt to reach somebody is meant."""


class NotAnApproverError(SentricError):
    """This one may not answer that question."""


class LinkError(SentricError):
    """A link is good for nothing: it never was, or is not any more."""


class IdempotencyError(SentricError):
    """An idempotency key was used before, for something else."""


class UnknownPolicyError(SentricError):
    """No version of a policy is meant."""


class PolicyChangedError(SentricError):
    """Somebody else has changed the policy meanwhile."""


class PolicyRefusedError(SentricError):
    """What is said of a policy cannot be kept."""


class UnknownJobError(SentricError):
    """No job is meant."""


class AuditDamagedError(ControlError):
    """A record of the audit cannot be read.

    Args:
        message: says which, and why.
        sequence: of the record.
    """

    def __init__(self, message: str, sequence: int) -> None:
        super().__init__(message)
        self.sequence = sequence


class JobRefusedError(SentricError):
    """A job cannot be kept as it was asked for."""


class TooManyJobsError(SentricError):
    """A project has as many jobs to be done as it may have."""


class JobStateError(SentricError):
    """A job is past that step."""
