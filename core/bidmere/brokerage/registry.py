"""Finding brokers: by entry point when installed, by name when run from a checkout or a frozen bundle."""

from __future__ import annotations

import importlib
import logging
from dataclasses import dataclass
from importlib.metadata import entry_points

from bidmere.brokerage.plugin import BrokerPlugin
from bidmere.errors import InvalidInput

log = logging.getLogger(__name__)

_BUILT_IN_INDEX = "bidmere_brokers"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenPlugin:
    """A broker that could not be imported: shown as a disabled row with its error."""

    name: str
    error: str


def find_brokers() -> tuple[dict[str, BrokerPlugin], tuple[BrokenPlugin, ...]]:
    """Return the brokers by name, and those that failed to import."""
    targets = {point.name: point.value for point in entry_points(group="bidmere.brokers")}
    index = importlib.import_module(_BUILT_IN_INDEX)
    targets |= dict(index.BUILT_IN)
    found: dict[str, BrokerPlugin] = {}
    broken: list[BrokenPlugin] = []
    for name, target in targets.items():
        module, _, attribute = target.partition(":")
        try:
            found[name] = getattr(importlib.import_module(module), attribute)
        except Exception as error:
            log.exception("Broker %s cannot be loaded.", name)
            broken.append(BrokenPlugin(name=name, error=str(error)))
    return found, tuple(broken)


def load_broker(name: str) -> BrokerPlugin:
    """Return one broker by name. Raises InvalidInput when it is missing or broken."""
    found, broken = find_brokers()
    if name in found:
        return found[name]
    for plugin in broken:
        if plugin.name == name:
            raise InvalidInput(f"Broker {name} cannot be loaded: {plugin.error}.")
    raise InvalidInput(f"There is no broker {name!r}. There are: {', '.join(sorted(found))}.")
