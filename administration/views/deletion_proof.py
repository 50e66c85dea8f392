"""The proof that an instance was deleted."""

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from administration.lifecycle.contents import BYTES, LABELS
from instances.access.administration import administered_by
from instances.models import DeletionRecord
from people.requests import logged_in_user

_ORDER = {table: place for place, table in enumerate(LABELS)}


@require_safe
@login_required
def deletion(request: HttpRequest, deletion_id: int) -> HttpResponse:
    """Show the contents of the instance before and after; 404 for people not concerned."""
    user = logged_in_user(request)
    records = DeletionRecord.objects.all()
    if not user.is_staff:
        records = records.filter(
            Q(requested_by_id=user.pk)
            | Q(owner_id=user.pk)
            | Q(organisation__in=administered_by(user))
        )
    record = get_object_or_404(records, pk=deletion_id)
    lines = [
        (LABELS.get(table, table), table, before, record.after.get(table), table == BYTES)
        for table, before in sorted(record.before.items(), key=_position)
    ]
    return render(request, "administration/deletion_proof.html", {"record": record, "lines": lines})


def _position(counted: tuple[str, int]) -> int:
    """Sort key: the order of ``LABELS``."""
    return _ORDER.get(counted[0], len(_ORDER))
