"""The order types of the ticket: their words, the fields they need, and whether an instrument takes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bidmere.model.instrument import Instrument
from bidmere.model.orders import TimeInForce


class TicketType(StrEnum):
    """What can be chosen in the ticket; OCO and iceberg are built from plain orders."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop-limit"
    TRAILING = "trailing-stop"
    MIT = "market-if-touched"
    LIT = "limit-if-touched"
    OCO = "oco"
    ICEBERG = "iceberg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A type's short and full words, its fields and the venue order types it is made of."""

    short: str
    title: str
    summary: str
    made_of: tuple[str, ...]
    price: bool = False
    trigger: bool = False
    offset: bool = False
    display: bool = False


SHAPES: dict[TicketType, Shape] = {
    TicketType.MARKET: Shape(
        short="Market", title="Market", summary="Trade now at what the book gives.", made_of=("market",)
    ),
    TicketType.LIMIT: Shape(
        short="Limit", title="Limit", summary="Trade at this price or better.", made_of=("limit",), price=True
    ),
    TicketType.STOP: Shape(
        short="Stop",
        title="Stop",
        summary="Becomes a market order when the price passes the trigger.",
        made_of=("stop",),
        trigger=True,
    ),
    TicketType.STOP_LIMIT: Shape(
        short="Stop-limit",
        title="Stop-limit",
        summary="Becomes a limit order when the price passes the trigger.",
        made_of=("stop-limit",),
        price=True,
        trigger=True,
    ),
    TicketType.TRAILING: Shape(
        short="Trailing",
        title="Trailing stop",
        summary="A stop that follows the best price at a distance.",
        made_of=("trailing-stop",),
        offset=True,
    ),
    TicketType.MIT: Shape(
        short="MIT",
        title="Market if touched",
        summary="Becomes a market order when the price reaches the trigger in your favour.",
        made_of=("market-if-touched",),
        trigger=True,
    ),
    TicketType.LIT: Shape(
        short="LIT",
        title="Limit if touched",
        summary="Becomes a limit order when the price reaches the trigger in your favour.",
        made_of=("limit-if-touched",),
        price=True,
        trigger=True,
    ),
    TicketType.OCO: Shape(
        short="OCO",
        title="OCO pair",
        summary="A limit and a stop of one side; a fill of one cancels the other.",
        made_of=("limit", "stop"),
        price=True,
        trigger=True,
    ),
    TicketType.ICEBERG: Shape(
        short="Iceberg",
        title="Iceberg",
        summary="A limit order that shows only part of its size.",
        made_of=("limit",),
        price=True,
        display=True,
    ),
}
FIRST_ROW = (TicketType.MARKET, TicketType.LIMIT, TicketType.STOP, TicketType.STOP_LIMIT, TicketType.TRAILING)
MORE = (TicketType.MIT, TicketType.LIT, TicketType.OCO, TicketType.ICEBERG)


def lacks(instrument: Instrument, kind: TicketType) -> str:
    """Return why an instrument does not take a type, empty when it does; a venue that lists nothing takes all."""
    offered = instrument.order_types
    missing = [name for name in SHAPES[kind].made_of if offered and name not in offered]
    return f"{instrument.id.venue} takes no {missing[0]} orders for {instrument.id.symbol}." if missing else ""


def tif_lacks(instrument: Instrument, tif: TimeInForce) -> str:
    """Return why an instrument does not take a time in force, empty when it does."""
    if instrument.tifs and tif.value not in instrument.tifs:
        return f"{instrument.id.venue} takes no {tif.value} orders for {instrument.id.symbol}."
    return ""


def tif_fits(kind: TicketType, tif: TimeInForce) -> bool:
    """Say whether a time in force makes sense for a type: a market order does not rest, a trigger does not hurry."""
    hurried = tif in (TimeInForce.IOC, TimeInForce.FOK)
    if kind is TicketType.MARKET:
        return tif is not TimeInForce.GTD
    return kind is TicketType.LIMIT or not hurried
