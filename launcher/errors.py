"""What the launcher may refuse to do, each in one line that says what to do about it."""


class LauncherError(Exception):
    """A condition the operator can mend; the message is printed alone, without a traceback."""
