"""Amounts as readers see them."""

from decimal import Decimal

import pytest
from django.utils.translation import override

from usage.comparisons import compared
from usage.statements.money import money as charged
from usage.wording import (
    carbon,
    carbon_range,
    energy,
    energy_range,
    length_of_recordings,
    money,
    money_range,
    seconds,
    seconds_range,
    water,
)


@pytest.mark.parametrize(
    ("shown", "english", "french"),
    [
        (lambda: energy(0), "0 Wh", "0 Wh"),
        (lambda: energy(0.0123), "12 mWh", "12 mWh"),
        (lambda: energy(0.5), "0.5 Wh", "0,5 Wh"),
        (lambda: energy(1540), "1.5 kWh", "1,5 kWh"),
        (lambda: energy_range(0.042, 0.196), "0.042 to 0.2 Wh", "0,042 à 0,2 Wh"),
        (lambda: energy_range(0.0101, 0.0102), "10 mWh", "10 mWh"),
        (lambda: carbon_range(0.0101, 0.0402), "10 to 40 mg CO₂e", "10 à 40 mg CO₂e"),
        (lambda: carbon_range(0.0101, 2.0), "0.01 to 2 g CO₂e", "0,01 à 2 g CO₂e"),
        (lambda: carbon(0.0012), "1.2 mg CO₂e", "1,2 mg CO₂e"),
        (lambda: carbon(80), "80 g CO₂e", "80 g CO₂e"),
        (lambda: water(0.0002), "0.2 mL", "0,2 mL"),
        (lambda: seconds(94), "94 ms", "94 ms"),
        (lambda: seconds(97), "0.1 s", "0,1 s"),
        (lambda: seconds(1234), "1.2 s", "1,2 s"),
        (lambda: seconds(1290), "1.3 s", "1,3 s"),
        (lambda: seconds(61_000), "61 s", "61 s"),
        (lambda: seconds_range(2600, 9400), "3 to 9 s", "3 à 9 s"),
        (lambda: length_of_recordings(20), "1 min", "1 min"),
        (lambda: length_of_recordings(12_060), "3 h 21 min", "3 h 21 min"),
        (lambda: money(Decimal("0.00123"), "EUR"), "0.0012 €", "0,0012 €"),
        (
            lambda: money_range(Decimal("0.00123"), Decimal("0.02"), "EUR"),
            "0.0012 to 0.02 €",
            "0,0012 à 0,02 €",
        ),
        (lambda: money_range(Decimal(0), Decimal(0), "EUR"), "0 €", "0 €"),
        (lambda: charged(Decimal("1.0899"), "EUR"), "1.09 EUR", "1,09 EUR"),
        (lambda: charged(Decimal("-0.41555"), "EUR"), "-0.4156 EUR", "-0,4156 EUR"),
        (lambda: charged(Decimal("0.00002"), "EUR"), "< 0.0001 EUR", "< 0,0001 EUR"),
        (lambda: charged(Decimal(0), "EUR"), "0.00 EUR", "0,00 EUR"),
    ],
)
def test_amount_is_in_the_unit_that_suits_it(shown, english, french) -> None:
    for language, text in (("en", english), ("fr", french)):
        with override(language):
            assert shown().replace("\u00a0", " ").replace("\u202f", " ") == text


def test_comparison_follows_from_its_sources() -> None:
    with override("en"):
        text = compared(energy_wh=0.08, gco2e=0.0107).replace("\u00a0", " ")
        assert "LED lamp of 8 W uses in 36 s" in text
        assert "by 0.28 °C" in text
        assert "over 10 cm" in text
        assert "12 minutes" in compared(energy_wh=1.6, gco2e=1)
