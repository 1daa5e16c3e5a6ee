"""Funding and liquidation, against figures worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bidmere.model.events import OrderFilled
from bidmere.model.instrument import InstrumentKind
from bidmere.model.orders import Market
from bidmere.simulation.exchange import Costs
from bidmere.simulation.fees import no_fees

D = Decimal
HOUR = 3_600_000_000_000


@pytest.fixture
def perpetual(make_instrument: Any) -> Any:
    return make_instrument(
        "BTC-PERP",
        kind=InstrumentKind.PERPETUAL,
        base="BTC",
        tick=D(1),
        margin_initial=D("0.1"),
        margin_maintenance=D("0.05"),
        funding_interval_hours=8,
    )


def test_longs_pay_shorts_every_eight_hours(make_floor: Any, perpetual: Any) -> None:
    floor = make_floor(perpetual, costs=Costs(fees=no_fees))
    floor.at(floor.now)
    floor.sell(3, 50_000, "B")
    floor.buy(3, 50_000, "A")
    floor.outside({50_990: 10}, {51_010: 10})
    floor.later(8 * HOUR - 1)
    assert floor.paid() == []
    floor.later(1)
    # 3 × 51,000 × 0.0001 = 15.30
    assert [(one.account, one.amount, one.currency) for one in floor.paid()] == [
        ("A", D("-15.3"), "USD"),
        ("B", D("15.3"), "USD"),
    ]
    assert floor.cash("A") == D(1_000_000) - D("15.3")
    floor.later(16 * HOUR)
    assert len(floor.paid()) == 6


def test_an_inverse_perpetual_pays_in_coin(make_floor: Any, make_account: Any, perpetual: Any) -> None:
    from dataclasses import replace

    inverse = replace(perpetual, inverse=True, multiplier=D(100), settle="BTC")
    floor = make_floor(inverse, accounts=[make_account(name, "10", "BTC") for name in "AB"], costs=Costs(fees=no_fees))
    floor.at(floor.now)
    floor.sell(500, 50_000, "B")
    floor.buy(500, 50_000, "A")
    floor.outside({49_999: 10}, {50_001: 10})
    floor.later(8 * HOUR)
    # 500 × 100 / 50,000 = 1 BTC; × 0.0001
    assert [one.amount for one in floor.paid()] == [D("-0.0001"), D("0.0001")]


def test_a_flat_account_pays_nothing(make_floor: Any, perpetual: Any) -> None:
    floor = make_floor(perpetual)
    floor.at(floor.now)
    floor.outside({50_000: 1}, {50_001: 1})
    floor.later(24 * HOUR)
    assert floor.paid() == []


def test_an_account_below_maintenance_is_closed_at_market(make_floor: Any, make_account: Any, perpetual: Any) -> None:
    floor = make_floor(perpetual, accounts=[make_account("A", "10100")], costs=Costs(fees=no_fees))
    floor.outside({49_999: 50}, {50_000: 50})
    order = floor.buy(2, Market())  # 100,000 notional need 10,000 of margin
    assert floor.filled(order) == 2
    resting = floor.buy(1, 990)  # and this 99
    # equity = 10,100 + 2 × (mark − 50,000); maintenance = 2 × mark × 0.05: they meet at 47,315.79
    floor.later()
    floor.outside({47_310: 50}, {47_330: 50})
    assert floor.position() == 2
    floor.later()
    floor.outside({47_300: 1, 47_250: 9}, {47_320: 50})
    assert floor.position() == 0
    assert floor.last(resting).reason.startswith("Liquidation")
    closing = [one.fill for _, one in floor.reports if isinstance(one, OrderFilled) and one.client_id.startswith("LIQ")]
    assert [(one.qty, one.price) for one in closing] == [(1, 47_300), (1, 47_250)]
    assert floor.cash() == D(10_100) - 2_700 - 2_750


def test_what_finds_no_liquidity_goes_to_the_venue_below_the_mark(
    make_floor: Any, make_account: Any, perpetual: Any
) -> None:
    floor = make_floor(perpetual, accounts=[make_account("A", "10000")], costs=Costs(fees=no_fees))
    floor.outside({49_999: 50}, {50_000: 50})
    floor.buy(2, Market())
    floor.later()
    floor.outside({40_000: 1}, {40_002: 1})
    assert floor.position() == 0
    closing = [one.fill.price for _, one in floor.reports if isinstance(one, OrderFilled)][1:]
    # The mark after its last bid is taken stays 40,001; 40,001 × 0.95 = 38,000.95 → 38,001.
    assert closing == [40_000, 38_001]


def test_a_healthy_account_is_left_alone(make_floor: Any, perpetual: Any) -> None:
    floor = make_floor(perpetual)
    floor.outside({49_999: 50}, {50_000: 50})
    floor.buy(2, Market())
    floor.later()
    floor.outside({25_000: 50}, {25_001: 50})
    assert floor.position() == 2
