"""Times in messages, with the clock skew that federations expect."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from accounts.saml.client import CLOCK_SKEW_S
from accounts.saml.errors import ClockSkew, ResponseRefused

SKEW = timedelta(seconds=CLOCK_SKEW_S)
# A response is created, posted by the browser and read within seconds.
MAX_AGE = timedelta(minutes=5)


def read_time(value: str | None) -> datetime | None:
    """Return an ``xs:dateTime`` in UTC, None if absent. Raises ResponseRefused."""
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError as error:
        raise ResponseRefused(f"not a time: {value[:40]}") from error
    # SAML core, section 1.3.3: times are UTC, with or without a time zone.
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def check_fresh(issue_instant: str | None) -> datetime:
    """Check that a message was issued recently. Raises ClockSkew or ResponseRefused."""
    issued = read_time(issue_instant)
    if issued is None:
        raise ResponseRefused("no IssueInstant")
    if not timezone.now() - MAX_AGE <= issued <= timezone.now() + SKEW:
        raise ClockSkew(f"issued at {issued.isoformat()}")
    return issued


def check_window(not_before: str | None, not_on_or_after: str | None) -> datetime | None:
    """Check that now is within the window; return its end. Raises ClockSkew."""
    begins, ends = read_time(not_before), read_time(not_on_or_after)
    now = timezone.now()
    if begins and now + SKEW < begins:
        raise ClockSkew(f"not before {begins.isoformat()}")
    if ends and now - SKEW >= ends:
        raise ClockSkew(f"not on or after {ends.isoformat()}")
    return ends
