"""Masks personal data in queries before they leave for a server on another machine.

The servers that embed and rerank are chosen by operators for the whole site, so nobody is asked:
the query is masked where the organisation has a rule for personal data. Ranking by terms runs here,
and reads it as it was typed. Passages are sent by their level alone
(docs/decisions/063-personal-data-in-searches.md).
"""

from inference.base_urls import is_on_this_machine
from inference.personal_data.detection import find_personal_data
from inference.personal_data.organisation_patterns import read_patterns
from inference.personal_data.redaction import redact
from instances.models import Instance, Organisation
from instances.tenancy import in_tenant


def masked(instance: Instance, text: str, base_url: str) -> str:
    """Return a text as the server at ``base_url`` may read it. Runs inside ``tenant(instance)``."""
    if is_on_this_machine(base_url):
        return text
    organisation = instance.organisation
    if organisation.personal_data_rule == Organisation.PersonalDataRule.OFF:
        return text
    patterns = read_patterns(organisation.number_patterns)
    return redact(text, find_personal_data(text, patterns, names=organisation.guards_names))


async def amasked(instance: Instance, text: str, base_url: str) -> str:
    """As ``masked``, on the event loop."""
    if is_on_this_machine(base_url):
        return text
    return await in_tenant(instance, masked, instance, text, base_url)
