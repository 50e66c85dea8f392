"""Transactions that stand in each other's way are repeated."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from instances.conflicts import repeat_after_conflict
from people.models import User
from tests.factories import UserFactory


@pytest.mark.django_db(transaction=True)
def test_both_sides_of_a_deadlock_end_well() -> None:
    one, other = UserFactory().pk, UserFactory().pk
    both_hold_a_row = Barrier(2)

    def lock_both(pks: tuple[int, int]) -> int:
        tries: list[int] = []

        def lock() -> None:
            tries.append(1)
            with transaction.atomic():
                User.objects.select_for_update().get(pk=pks[0])
                if len(tries) == 1:
                    both_hold_a_row.wait(30)
                User.objects.select_for_update().get(pk=pks[1])

        try:
            repeat_after_conflict(lock)
        finally:
            connection.close()
        return len(tries)

    with ThreadPoolExecutor(2) as threads:
        tries = list(threads.map(lock_both, [(one, other), (other, one)]))
    assert sorted(tries) == [1, 2]
