"""A federation of generated data: 2,000 instances, 100,000 people, 10,000 identity providers.

PostgreSQL makes the rows itself (``INSERT … SELECT``), with each model's own defaults for columns
that are not named here, so that a new column needs no change in this file.
"""

from typing import Any

from django.db import connections, transaction

from accounts.models import IdentityProvider, LoginRule, MetadataFeed
from bench.scale.contents import fill_contents, fill_history
from bench.scale.tables import Size, TableWriter, row_security_off
from instances.models import (
    AccessRule,
    ApiKey,
    Charter,
    CharterAcceptance,
    Identity,
    Instance,
    Invitation,
    Membership,
    Organisation,
    OrganisationAdministrator,
)
from people.models import User

FEDERATION = "https://federation.example.org/"


def fill(size: Size) -> None:
    """Fill a migrated, empty database, through its owner."""
    with (
        transaction.atomic(using="owner"),
        row_security_off(),
        connections["owner"].cursor() as cursor,
    ):
        _Federation(cursor, size).fill()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


class _Federation(TableWriter):
    def __init__(self, cursor: Any, size: Size) -> None:
        super().__init__(cursor)
        self.size = size

    def fill(self) -> None:
        self._institutions()
        self._people()
        self._rights()
        fill_contents(self, self.size)
        fill_history(self, self.size)

    def _institutions(self) -> None:
        size = self.size
        self.insert(
            Organisation,
            f"generate_series(1, {size.organisations}) AS n",
            id="n",
            slug="'university-' || n",
            name="'Université ' || n",
        )
        self.insert(
            MetadataFeed,
            "generate_series(1, 1) AS n",
            id="n",
            name="'Federation'",
            url="'https://example.org/metadata'",
            certificates="''",
            valid_until="now() + interval '7 days'",
        )
        self.insert(
            IdentityProvider,
            f"generate_series(1, {size.identity_providers}) AS n",
            id="n",
            entity_id="'https://idp.univ-' || n || '.example.org/'",
            feed="1",
            xml="repeat('<xml/>', 300)",
            sha256="md5(n::text)",
            names="jsonb_build_object('fr', 'Université ' || md5(n::text))",
            search_text="'universite ' || md5(n::text) || ' university ' || n || ' univ-' || n",
            scopes="ARRAY['univ-' || n || '.fr']",
            registration_authority=f"'{FEDERATION}'",
            sso_url="'https://idp.univ-' || n || '.example.org/sso'",
        )
        self.insert(
            LoginRule,
            f"generate_series(1, {size.organisations}) AS n",
            organisation="n",
            identity_provider="n",
        )
        self.insert(LoginRule, "generate_series(1, 1) AS n", organisation="n", feed="1")

    def _people(self) -> None:
        size = self.size
        self.insert(
            User,
            f"generate_series(1, {size.users}) AS n",
            id="n",
            username="'person' || n",
            email="'person' || n || '@univ-' || n % 60 || '.example.org'",
            first_name="'Prénom' || n % 997",
            last_name="'Nom' || md5(n::text)",
            pseudonym="gen_random_uuid()",
            password="'!'",  # noqa: S106 (nobody logs in with it)
        )
        self.insert(
            Identity,
            f"generate_series(1, {size.users}) AS n",
            user="n",
            source="'saml:' || n",
            organisation_ids=f"ARRAY[1 + n % {size.organisations}]",
            federation=f"'{FEDERATION}'",
            scopes=f"ARRAY['univ-' || 1 + n % {size.organisations} || '.fr']",
            affiliations="CASE WHEN n % 3 = 0 THEN ARRAY['student', 'member']"
            " ELSE ARRAY['staff', 'member'] END",
            attributes="""jsonb_build_object('mail', jsonb_build_array('a@b.c'))""",
            asserted_at="now()",
        )

    def _rights(self) -> None:
        size = self.size
        self.insert(
            Instance,
            f"generate_series(1, {size.instances}) AS n",
            id="n",
            organisation=f"1 + n % {size.organisations}",
            slug="'instance-' || n",
            name="'Instance ' || md5(n::text)",
            kind=f"CASE WHEN n > {size.group_instances} THEN 'personal' ELSE 'group' END",
            owner="n",
            last_used_at="now() - n * interval '1 hour'",
        )
        self.insert(
            OrganisationAdministrator,
            f"generate_series(1, {size.organisations}) AS n",
            organisation="n",
            user="n",
        )
        self._access_rules()
        self._memberships()
        self.insert(
            ApiKey,
            "generate_series(1, 5000) AS n",
            instance=f"1 + n % {size.instances}",
            name="'Key ' || n",
            prefix="'rag_' || n % 10000",
            digest="encode(sha256(('key ' || n)::bytea), 'hex')",
            created_by=f"1 + n % {size.instances}",
        )
        self.insert(
            Invitation,
            "generate_series(1, 5000) AS n",
            instance=f"1 + n % {size.group_instances}",
            digest="encode(sha256(('invitation ' || n)::bytea), 'hex')",
            expires_at="now() + interval '7 days'",
            created_by="1",
        )
        self._charters()

    def _access_rules(self) -> None:
        groups = self.size.group_instances
        for number, audience in enumerate(AccessRule.Audience.values):
            self.insert(
                AccessRule,
                f"generate_series(1, {groups}) AS n",
                id=f"n + {number * groups}",
                instance="n",
                audience=f"'{audience}'",
                organisation_ids="ARRAY[1 + n % 60, 1 + (n + 7) % 60, 1 + (n + 29) % 60]"
                if audience == AccessRule.Audience.ORGANISATIONS
                else "ARRAY[]::bigint[]",
                federation=f"'{FEDERATION}'"
                if audience == AccessRule.Audience.FEDERATION
                else "''",
                # Few of the widest rules are enabled, or everybody would be a member everywhere.
                is_enabled="n % 30 = 1" if number > 1 else "true",
                affiliations="CASE WHEN n > 1 THEN ARRAY['staff', 'faculty'] ELSE '{}' END",
            )

    def _memberships(self) -> None:
        size = self.size
        self.insert(
            Membership,
            f"generate_series(1, {size.big_members}) AS n",
            instance="1",
            user="n",
            role="CASE WHEN n = 1 THEN 'admin' ELSE 'member' END",
            # The rule of its federation (see above).
            rule=f"CASE WHEN n > 1000 THEN 1 + 2 * {size.group_instances} END",
        )
        self.insert(
            Membership,
            f"generate_series(1, {size.busy_instances}) AS n",
            instance="n",
            user=str(size.busy_user),
            role="'admin'",
        )
        self.insert(
            Membership,
            f"generate_series({size.group_instances + 1}, {size.instances}) AS n",
            instance="n",
            user="n",
            role="'admin'",
        )
        self.insert(
            Membership,
            f"generate_series(2, {size.group_instances}) AS n,"
            f" generate_series(1, {size.members_of_a_group}) AS k",
            instance="n",
            user=f"1 + (n * 331 + k * 7) % {size.users - 1}",
            role="CASE WHEN k = 1 THEN 'admin' WHEN k < 20 THEN 'editor' ELSE 'member' END",
        )

    def _charters(self) -> None:
        size = self.size
        self.insert(Charter, "generate_series(1, 1) AS n", id="n", version="1", text_fr="'Texte'")
        self.insert(
            Charter,
            f"generate_series(1, {size.organisations}) AS n",
            id="n + 1",
            organisation="n",
            version="1",
            text_fr="'Texte'",
        )
        self.insert(
            CharterAcceptance, f"generate_series(1, {size.users}) AS n", charter="1", user="n"
        )
        self.insert(
            CharterAcceptance,
            f"generate_series(1, {size.users}) AS n, generate_series(0, 2) AS k",
            charter=f"2 + (n + k) % {size.organisations}",
            user="n",
        )
        for user in (1, size.busy_user):
            self.insert(
                CharterAcceptance,
                f"generate_series(1, {size.organisations + 1}) AS n",
                charter="n",
                user=str(user),
            )
