"""Errors of Slurm and of registrations.

::

    SlurmFailed             a command failed; `reason` says why, the message is Slurm's own
    RegistrationRefused     a job did not become a server; `code` is "token" or "address"
    LeaseLost               another process reconciles the jobs of the template meanwhile
"""

from inference.models import ServerJob


class SlurmFailed(Exception):
    """A command of Slurm could not be run, or refused; the message is for operators."""

    def __init__(self, reason: ServerJob.Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class RegistrationRefused(Exception):
    """The token is unknown, used or expired, or the address is not one that a job may have."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class LeaseLost(Exception):
    """The lease of a template has expired and was taken by another process."""
