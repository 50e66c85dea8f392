"""Lookup of people: who finds whom, and that guessing reveals no other organisation."""

import pytest
from django.core import mail
from django.urls import reverse

from instances.errors import AmbiguousName, MemberNotFound
from instances.members.lookup import find_person
from instances.models import AuditEntry, Instance, Membership
from instances.tenancy import administering, tenant
from tests.adding_members import find_and_add, import_all, make_colleague
from tests.factories import (
    IdentityFactory,
    InstanceFactory,
    MembershipFactory,
    OrganisationAdministratorFactory,
    OrganisationFactory,
    UserFactory,
)


def url(name, *args):
    return reverse(f"administration:{name}", args=["law", *args])


@pytest.fixture
def personal(cast):
    """The instance is its owner's personal space."""
    Instance.objects.filter(pk=cast.instance.pk).update(kind="personal", owner=cast.owner)
    return cast.instance


@pytest.fixture
def stranger(cast):
    """Somebody of another organisation, whose names nobody here is to learn."""
    return make_colleague(
        cast.other_instance.organisation,
        username="zoe@univ-b.example",
        email="zoe@univ-b.example",
        first_name="Zoé",
        last_name="Secrète",
    )


def member_ids(instance):
    with tenant(instance):
        return set(Membership.objects.for_instance(instance).values_list("user", flat=True))


@pytest.mark.parametrize("page", ["member_add", "member_import"])
def test_person_elsewhere_and_unknown_name_get_same_answer(
    personal, cast, stranger, client_for, page
):
    owner = client_for(cast.owner)
    before = member_ids(personal)
    answers = []
    for name in ("zoe@univ-b.example", "abc@univ-b.example"):
        field = "people" if page == "member_import" else "identifier"
        form = {field: name, "role": "member", "person": stranger.pk, "confirmed": "1"}
        response = owner.post(url(page), form)
        assert response.status_code == 200
        answers.append(_without_tokens(response.text).replace(name, "NAME"))
    assert answers[0] == answers[1]
    for word in ("Secr", "Zo\N{LATIN SMALL LETTER E WITH ACUTE}"):
        assert word not in answers[0]
    assert "invitations/create" in answers[0]
    assert member_ids(personal) == before


def _without_tokens(text):
    """What a page says, without what is new in each answer."""
    lines = text.replace("%40", "@").splitlines()
    return "\n".join(
        line for line in lines if not any(word in line for word in ("csrf", "nonce", "value="))
    )


def test_oversized_import_is_refused_before_lookup(
    personal, cast, stranger, client_for, django_assert_max_num_queries
):
    guesses = "\n".join(f"person{number}@univ-b.example" for number in range(5_000))
    owner = client_for(cast.owner)
    with django_assert_max_num_queries(40) as queries:
        page = owner.post(url("member_import"), {"people": f"{guesses}\nzoe@univ-b.example"})
    assert page.context["form"].errors
    assert "left_out" not in page.context
    assert not [one for one in queries.captured_queries if "univ-b.example" in one["sql"]]
    assert stranger.pk not in member_ids(personal)


@pytest.mark.parametrize(
    ("lines", "is_read"), [(300, True), (301, False), (302, False)], ids=["300", "301", "302"]
)
def test_import_is_limited_to_300_lines(cast, client_for, lines, is_read):
    people = "\n".join(f"guess{number}" for number in range(lines))
    page = client_for(cast.owner).post(url("member_import"), {"people": people})
    assert ("left_out" in page.context) == is_read


@pytest.mark.parametrize(
    ("name", "data", "rates"),
    [
        ("member_add", {"identifier": "x", "role": "member"}, {"person_search": "2/m/user"}),
        ("member_import", {"people": "x"}, {"member_import": "2/m/user"}),
        ("member_create", {"username": "x"}, {"person_search": "2/m/user"}),
    ],
    ids=["one", "many", "names in use"],
)
def test_person_search_is_rate_limited(cast, client_for, settings, name, data, rates):
    settings.ACCOUNT_RATE_LIMITS = rates
    browser = client_for(cast.owner)
    statuses = [browser.post(url(name), data).status_code for _guess in range(3)]
    assert statuses == [200, 200, 429]
    assert browser.get(url(name)).status_code == 200
    other = client_for(MembershipFactory(instance=cast.instance, role="admin").user)
    assert other.post(url(name), data).status_code == 200


def test_an_import_is_recorded_with_its_numbers(cast, stranger, client_for):
    make_colleague(cast.instance.organisation, username="ada")
    import_all(client_for(cast.owner), url("member_import"), "ada\nzoe@univ-b.example\nnobody")
    with administering(cast.instance.organisation):
        entries = AuditEntry.objects.filter(action="people.searched")
        assert [entry.detail for entry in entries] == [{"asked": 3, "found": 1}] * 2
        assert {entry.actor_id for entry in entries} == {cast.owner.pk}


def test_unconfirmed_person_is_not_added(cast, client_for):
    """Nor on the confirmation of somebody else."""
    ada = make_colleague(cast.instance.organisation, username="ada", first_name="Augusta")
    owner = client_for(cast.owner)
    form = {"identifier": "ada", "role": "editor"}
    for confirmed in ({}, {"person": cast.stranger.pk}, {"person": ""}, {"person": "x"}):
        page = owner.post(url("member_add"), form | confirmed)
        assert page.context["choice"].found.name == "Augusta"
        assert ada.pk not in member_ids(cast.instance)
    owner.post(url("member_add"), form | {"person": ada.pk})
    assert ada.pk in member_ids(cast.instance)


def test_description_is_limited_to_own_organisation(cast, client_for):
    """Of somebody of two universities, the other one and the login there stay out."""
    person = make_colleague(cast.instance.organisation, username="ada")
    elsewhere = OrganisationFactory(name="Université voisine")
    IdentityFactory(user=person, organisation_ids=[elsewhere.pk])
    page = client_for(cast.owner).post(url("member_add"), {"identifier": "ada", "role": "member"})
    assert page.context["choice"].found.organisations == (cast.instance.organisation.name,)
    assert "Université voisine" not in page.text


@pytest.mark.parametrize(
    ("belongs_by", "is_found"),
    [
        ("identity", True),
        ("administration", True),
        ("membership", True),
        ("guest", False),
        ("nothing", False),
        ("another organisation", False),
    ],
)
def test_person_is_found_only_within_organisation(cast, belongs_by, is_found):
    person = UserFactory(username="ada")
    organisation = cast.instance.organisation
    neighbour = InstanceFactory(organisation=organisation)
    if belongs_by == "identity":
        IdentityFactory(user=person, organisation_ids=[organisation.pk])
    elif belongs_by == "administration":
        OrganisationAdministratorFactory(organisation=organisation, user=person)
    elif belongs_by in ("membership", "guest"):
        role = "guest" if belongs_by == "guest" else "member"
        MembershipFactory(instance=neighbour, user=person, role=role)
    elif belongs_by == "another organisation":
        MembershipFactory(instance=cast.other_instance, user=person)
    assert find_person("ada", among=None) == person
    with tenant(cast.instance):
        if is_found:
            assert find_person("ada@example.org", among=organisation) == person
        else:
            with pytest.raises(MemberNotFound):
                find_person("ada@example.org", among=organisation)


@pytest.mark.parametrize("wanted", ["shared", "SHARED@example.org"], ids=["name", "address"])
def test_ambiguous_name_is_refused(db, wanted):
    UserFactory(username="shared", email="shared")
    UserFactory(username="first", email="shared", password=None)
    UserFactory(username="second", email="shared@example.org", password=None)
    UserFactory(username="third", email="Shared@example.org", password=None)
    with pytest.raises(AmbiguousName):
        find_person(wanted, among=None)


def test_name_equal_to_address_of_same_person_is_found(db):
    person = UserFactory(username="ada@example.org", email="ada@example.org")
    assert find_person("Ada@Example.org", among=None) == person


def test_person_elsewhere_joins_by_invitation(cast, stranger, client_for, settings):
    settings.EMAIL_HOST = "mail.example"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    owner = client_for(cast.owner)
    page = owner.post(url("member_add"), {"identifier": stranger.email, "role": "member"})
    create = f"{url('invitation_create')}?email=zoe%40univ-b.example&amp;role=member"
    assert create in page.text
    form = owner.get(create.replace("&amp;", "&")).context["form"]
    assert (form.initial["email"], form.initial["role"]) == (stranger.email, "member")
    sent = {"note": "Zoé", "email": stranger.email, "role": "member", "valid_days": "7"}
    owner.post(url("invitation_create"), sent)
    assert stranger.pk not in member_ids(cast.instance)
    path = mail.outbox[0].body.partition(settings.SITE_URL)[2].split()[0]
    client_for(stranger).post(path)
    assert stranger.pk in member_ids(cast.instance)


def test_operator_finds_any_person(cast, stranger, client_for):
    cast.owner.is_staff = True
    cast.owner.save()
    form = {"identifier": stranger.email, "role": "member"}
    page = client_for(cast.owner).post(url("member_add"), form)
    assert page.context["choice"].found.organisations == (cast.other_instance.organisation.name,)
    find_and_add(client_for(cast.owner), url("member_add"), form)
    assert stranger.pk in member_ids(cast.instance)
