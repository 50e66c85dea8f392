"""The error of the launcher, whose message says what the operator can do about it."""


class LauncherError(Exception):
    """A condition that the operator can correct; printed as one line, without a traceback."""
