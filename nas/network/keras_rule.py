"""A rewriting rule with the types of the nodes it is about, so that no other node is asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nas.network.keras_node import Graph, Node

Rewrite = Callable[[Graph, int, Node], bool]


@dataclass(frozen=True)
class Rule:
    """A change of one node.

    Attributes:
        types: Types of the nodes it may change.
        rewrite: Changes the graph at a place and returns whether it did.
    """

    types: frozenset[str]
    rewrite: Rewrite


def rule_on(*types: str) -> Callable[[Rewrite], Rule]:
    """Make a function the rule for nodes of some types."""
    return lambda rewrite: Rule(frozenset(types), rewrite)


def by_type(*rules: Rule) -> Mapping[str, tuple[Rewrite, ...]]:
    """Return what may rewrite a node of each type, in the order of the rules."""
    found: dict[str, tuple[Rewrite, ...]] = {}
    for rule in rules:
        for kind in rule.types:
            found[kind] = (*found.get(kind, ()), rule.rewrite)
    return found
