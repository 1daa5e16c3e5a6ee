"""Values as canonical JSON and back: what the journal writes, byte for byte the same on every machine.

Decimals are strings, enums their values, sets sorted lists. A dataclass is an object of its fields; where a field may
hold one of several classes (order specs), the object carries the class's `kind`. Events carry their class name.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar

import msgspec

from bidmere.errors import UnreadableData
from bidmere.model import events as model_events
from bidmere.model.events import FundingPaid, OrderEvent
from bidmere.model.fills import Fill
from bidmere.model.ids import InstrumentId
from bidmere.model.orders import OrderSpec

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="string")

EVENT_TYPES: Mapping[str, type[OrderEvent] | type[FundingPaid]] = {
    name: cls
    for name, cls in vars(model_events).items()
    if isinstance(cls, type) and (issubclass(cls, OrderEvent) or cls is FundingPaid) and cls is not OrderEvent
}
_SPECS: Mapping[str, type] = {cls.kind: cls for cls in typing.get_args(OrderSpec)}


def canonical(value: object) -> bytes:
    """Return plain values as JSON with sorted keys and no blanks."""
    return _ENCODER.encode(value)


def plain_json(text: str | bytes) -> Any:
    """Read JSON. Raises UnreadableData."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise UnreadableData(f"A journal entry is no JSON: {error}.") from error


def encode(value: object) -> Any:
    """Return a model value as plain JSON values."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, InstrumentId):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(encode(item) for item in value)
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if isinstance(value, Mapping):
        return {str(encode(key)): encode(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {name: encode(getattr(value, name)) for name in _fields(type(value))}
        kind = getattr(value, "kind", None) if type(value) in _SPECS.values() else None
        return {"kind": kind, **fields} if kind else fields
    raise TypeError(f"{type(value).__name__} has no place in the journal.")


def decode(cls: type[T], data: Any) -> T:
    """Build a dataclass from what `encode` made of it; a missing field takes its default.

    Raises UnreadableData when it does not fit.
    """
    try:
        return typing.cast("T", _reader(typing.cast(Any, cls))(data))
    except (KeyError, ValueError, TypeError, ArithmeticError, AttributeError) as error:
        raise UnreadableData(f"A journal entry is no {cls.__name__}: {error!r}.") from error


def encode_event(event: OrderEvent | FundingPaid) -> tuple[str, Any]:
    """Return an event's type name and its fields."""
    return type(event).__name__, encode(event)


def decode_event(name: str, data: Any) -> OrderEvent | FundingPaid:
    """Build an event from its type name and its fields. Raises UnreadableData."""
    cls = EVENT_TYPES.get(name)
    if cls is None:
        raise UnreadableData(f"The journal holds an event of an unknown kind: {name}.")
    return decode(cls, data)


def decode_fill(data: Any) -> Fill:
    """Build a fill. Raises UnreadableData."""
    return decode(Fill, data)


@cache
def _fields(cls: type) -> tuple[str, ...]:
    return tuple(item.name for item in dataclasses.fields(cls))


@cache
def _reader(hint: Any) -> Callable[[Any], Any]:
    """Return the function that reads a value of a type."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _union_reader(arguments)
    if origin is tuple:
        return _tuple_reader(arguments)
    if origin is frozenset:
        item = _reader(arguments[0])
        return lambda data: frozenset(item(one) for one in _list(data))
    if hint is Decimal:
        return _decimal
    if hint is InstrumentId:
        return InstrumentId.parse
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _class_reader(hint)
    if hint in (int, str, bool, float):
        return lambda data: _scalar(hint, data)
    raise TypeError(f"{hint} has no place in the journal.")


def _union_reader(arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    choices = [argument for argument in arguments if argument is not type(None)]
    optional = len(choices) < len(arguments)
    if len(choices) == 1:
        read = _reader(choices[0])
    else:
        by_kind = {choice.kind: _reader(choice) for choice in choices}

        def read(data: Any) -> Any:
            return by_kind[data["kind"]](data)

    return lambda data: None if data is None and optional else read(data)


def _tuple_reader(arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        item = _reader(arguments[0])
        return lambda data: tuple(item(one) for one in _list(data))
    items = [_reader(argument) for argument in arguments]
    return lambda data: tuple(read(one) for read, one in zip(items, _list(data), strict=True))


def _class_reader(cls: type) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(cls)
    readers = {name: _reader(hints[name]) for name in _fields(cls)}

    def read(data: Any) -> Any:
        if not isinstance(data, dict):
            raise TypeError(f"{cls.__name__} must be an object")
        return cls(**{name: reader(data[name]) for name, reader in readers.items() if name in data})

    return read


def _decimal(data: Any) -> Decimal:
    if not isinstance(data, str):
        raise TypeError("a number of the journal must be text")
    value = Decimal(data)
    if not value.is_finite():
        raise ValueError(f"{data} is not finite")
    return value


def _scalar(kind: type, data: Any) -> Any:
    if type(data) is not kind:
        raise TypeError(f"{data!r} is no {kind.__name__}")
    return data


def _list(data: Any) -> list[Any]:
    if not isinstance(data, list):
        raise TypeError("a list was expected")
    return data
