"""Invitations: links by which one person joins an instance, once, before an expiry date.

Anyone who holds the link may accept it, so an invitation never grants the administrator role.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone, translation

from instances import audit
from instances.errors import AlreadyMember, InvitationClosed
from instances.models import Instance, Invitation, Membership, Role
from instances.tenancy import as_key, as_user, tenant
from people.models import User
from web.mails import send_mail
from web.secret_tokens import digest_of, new_token


def create_invitation(
    *,
    instance: Instance,
    role: str,
    email: str = "",
    note: str = "",
    expires_at: datetime,
    membership_expires_at: datetime | None = None,
    created_by: User | None,
) -> tuple[Invitation, str]:
    """Create an invitation and return it with its token, which is not stored.

    Raises ValueError for an administrator, and for a guest whose access would never end.
    """
    if role == Role.ADMIN or (role == Role.GUEST and membership_expires_at is None):
        raise ValueError("an invitation creates no administrator, and no guest without an end")
    token = new_token()
    with transaction.atomic():
        invitation: Invitation = Invitation.objects.create(
            instance=instance,
            digest=digest_of(token),
            role=role,
            email=email,
            note=note,
            expires_at=expires_at,
            membership_expires_at=membership_expires_at,
            created_by=created_by,
        )
        audit.record(
            audit.Action.INVITATION_CREATED,
            instance=instance,
            target=audit.Target.of(invitation, note or email),
            role=role,
            until=membership_expires_at,
        )
    return invitation, token


def send_invitation(invitation: Invitation, link: str) -> None:
    """Send ``link`` to the invitation's address, in the language of the instance.

    Not in a task: the link contains the token, which must not be stored, not even in a queue.
    Raises SMTPException or OSError.
    """
    with translation.override(invitation.instance.language):
        send_mail("invitation", {"invitation": invitation, "link": link}, to=invitation.email)


def find_invitation(token: str) -> Invitation | None:
    """Return the invitation of this token, in any state, with its instance; or None."""
    digest = digest_of(token)
    with as_key(digest):
        invitation: Invitation | None = (
            Invitation.objects.select_related("instance__organisation", "created_by")
            .filter(digest=digest)
            .first()
        )
    return invitation


def accept(invitation: Invitation, *, user: User) -> Membership:
    """Make ``user`` a member by the invitation, and mark it accepted.

    Raises InvitationClosed, or AlreadyMember when it would not extend the person's rights; the
    invitation then stays open.
    """
    with tenant(invitation.instance):
        # Locked, so that of two concurrent requests only one accepts.
        locked = (
            Invitation.objects.for_instance(invitation.instance)
            .select_for_update()
            .get(pk=invitation.pk)
        )
        if locked.state != "open":
            raise InvitationClosed(locked.state)
        membership, created = Membership.objects.select_for_update().get_or_create(
            instance=invitation.instance,
            user=user,
            defaults={"role": locked.role, "expires_at": locked.membership_expires_at},
        )
        if not created:
            if not _extends(locked, membership):
                raise AlreadyMember(user.username)
            membership.role, membership.rule = locked.role, None
            membership.expires_at = locked.membership_expires_at
            membership.save(update_fields=["role", "rule", "expires_at"])
        locked.accepted_by, locked.accepted_at = user, timezone.now()
        locked.save(update_fields=["accepted_by", "accepted_at"])
        audit.record(
            audit.Action.INVITATION_ACCEPTED,
            instance=invitation.instance,
            target=user,
            invitation=locked.pk,
            role=locked.role,
            until=locked.membership_expires_at,
        )
    return membership


def extends_rights_of(invitation: Invitation, user: User) -> bool:
    """Whether accepting would extend the rights of ``user``."""
    with as_user(user.pk):
        membership = Membership.objects.filter(user=user, instance=invitation.instance).first()
    return membership is None or _extends(invitation, membership)


def revoke(invitation: Invitation) -> None:
    """Revoke the invitation; no effect once it was accepted."""
    with transaction.atomic():
        still_open = Invitation.objects.for_instance(invitation.instance_id).filter(
            pk=invitation.pk, accepted_at=None, revoked_at=None
        )
        if still_open.update(revoked_at=timezone.now()):
            audit.record(
                audit.Action.INVITATION_REVOKED,
                instance=invitation.instance,
                target=audit.Target.of(invitation, invitation.note or invitation.email),
                invitation=invitation.pk,
            )


def forget_address(invitation: Invitation) -> None:
    """Remove the address from the invitation, after a mail that could not be sent."""
    with tenant(invitation.instance):
        Invitation.objects.for_instance(invitation.instance).filter(pk=invitation.pk).update(
            email=""
        )


def _extends(invitation: Invitation, membership: Membership) -> bool:
    """Whether accepting raises the role or postpones the end, without reducing the other."""
    if membership.has_ended:
        return True
    forever = datetime.max.replace(tzinfo=timezone.get_current_timezone())
    offered = Role(invitation.role).rank, invitation.membership_expires_at or forever
    held = Role(membership.role).rank, membership.expires_at or forever
    return offered != held and offered[0] >= held[0] and offered[1] >= held[1]
