"""The registration of jobs: the only page of this package, called by their scripts."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from inference.slurm.errors import RegistrationRefused
from inference.slurm.registration import register
from web.enqueueing import enqueue_on_commit

_REFUSALS = {
    "token": (403, "This token is unknown, used or expired.\n"),
    "address": (400, "This address is not host:port in the networks of the job template.\n"),
}


@csrf_exempt
@require_POST
def slurm_register(request: HttpRequest) -> HttpResponse:
    """Register the server of a job: a form with ``token`` and ``address``; answers in plain text.

    The token is the access check: it is random, stored as a hash, and good for one address.
    """
    try:
        register(request.POST.get("token", ""), request.POST.get("address", "")[:300])
    except RegistrationRefused as refusal:
        status, text = _REFUSALS[refusal.code]
        return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
    # Beat would do so within seconds; readers wait.
    enqueue_on_commit("inference.slurm.tasks.reconcile_jobs")
    return HttpResponse("Registered.\n", content_type="text/plain; charset=utf-8")
