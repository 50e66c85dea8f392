"""Energy and carbon compared with things that people know, from published or physical figures.

- A lamp: an LED lamp of 806 lumens, which replaces a bulb of 60 W, draws about 8 W (energy labels
  under Regulation (EU) 2019/2015).
- A cup of water: 250 mL of water are heated by 1 °C with 1,046 J (specific heat 4.184 J/(g·°C)),
  losses of the kettle not counted.
- A car: new cars registered in the European Union in 2023 emit 107 g of CO2 a kilometre on average
  (European Environment Agency; exhaust only, manufacture and fuel production not counted).
"""

from django.utils.translation import gettext as _

from usage.energy.figures import J_PER_WH
from usage.wording import amount, number, seconds

LAMP_W = 8.0
CUP_J_PER_DEGREE = 250 * 4.184
CAR_G_PER_METRE = 0.107
# From here on a duration is given in minutes.
_LONG_S = 120


def compared(energy_wh: float, gco2e: float) -> str:
    """Return a sentence that compares an amount of energy, and its carbon."""
    lamp_s = energy_wh * J_PER_WH / LAMP_W
    if lamp_s < _LONG_S:
        lit = seconds(1000 * lamp_s)
    else:
        lit = _("%(minutes)s minutes") % {"minutes": number(lamp_s / 60)}
    return _(
        "As much energy as an LED lamp of %(watts)s W uses in %(lit)s, or as it takes to heat a "
        "cup of water by %(degrees)s °C; as much carbon as a new car emits over %(distance)s."
    ) % {
        "watts": number(LAMP_W),
        "lit": lit,
        "degrees": number(energy_wh * J_PER_WH / CUP_J_PER_DEGREE),
        "distance": _distance(gco2e / CAR_G_PER_METRE),
    }


def _distance(metres: float) -> str:
    if metres >= 1000:
        return amount(metres / 1000, "km")
    if metres >= 1:
        return amount(metres, "m")
    return amount(metres * 100, "cm") if metres >= 0.01 else amount(metres * 1000, "mm")
