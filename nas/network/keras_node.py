"""The operators a Keras model becomes, while they are still being rewritten."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Shape = tuple[int, ...]

INPUT = "INPUT"
BINARY = frozenset({"ADD", "MUL", "SUB"})
WEIGHTED = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"})


@dataclass(frozen=True)
class Node:
    """One operator with one output.

    Attributes:
        type: TFLite's name, such as ``CONV_2D``, or ``INPUT``.
        inputs: Places of the nodes whose output it reads.
        shape: Output shape including the batch dimension.
        name: Name of the Keras layer it comes from.
        attributes: As in :class:`nas.network.network.Operator`.
        constant: Shape of its int8 constant in TFLite's layout, ``None`` without one.
        parameters: Shapes of its int32 constants such as axes.
        has_bias: True when a weighted operator adds a bias that training may make non-zero.
        value: What tells its constant from another of the same shape; equal means equal.
    """

    type: str
    inputs: tuple[int, ...]
    shape: Shape
    name: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    constant: Shape | None = None
    parameters: tuple[Shape, ...] = ()
    has_bias: bool = False
    value: Hashable = None

    @property
    def activation(self) -> str:
        """The fused activation, ``NONE`` without one."""
        return str(self.attributes.get("activation", "NONE"))

    @property
    def key(self) -> Hashable:
        """Equal for two nodes that compute the same."""
        attributes = frozenset(self.attributes.items())
        return (self.type, self.inputs, self.shape, attributes, self.constant, self.value)

    def reading(self, inputs: tuple[int, ...]) -> "Node":
        """Return the node with other inputs."""
        # A quarter of the time of dataclasses.replace, for every operator several times.
        node = object.__new__(Node)
        vars(node).update(vars(self), inputs=inputs)
        return node

    def having(self, **attributes: Any) -> "Node":
        """Return the node with some attributes changed."""
        return replace(self, attributes={**self.attributes, **attributes})


class Graph:
    """Nodes in execution order, with the number of readers of each.

    A node may be replaced by another in its place or redirected to an earlier one; redirected
    and unread nodes stay in their places until :meth:`compact` drops them.
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.outputs: list[int] = []
        self._uses: list[int] = []
        self._targets: dict[int, int] = {}

    def add(self, node: Node) -> int:
        """Append a node.

        Returns:
            Its place.
        """
        self.nodes.append(node)
        self._uses.append(0)
        self._count(node, 1)
        return len(self.nodes) - 1

    def finish(self, outputs: list[int]) -> None:
        """Name the outputs; they count as read."""
        self.outputs = outputs
        for output in outputs:
            self._uses[output] += 1

    def resolve(self, place: int) -> Node:
        """Return the node in a place, its inputs led to where redirections point."""
        node = self.nodes[place] = self.nodes[place].reading(self._resolved(self.nodes[place]))
        return node

    def producer(self, node: Node) -> Node:
        """Return the node whose output is the first input; a network input stands for itself."""
        return self.nodes[node.inputs[0]] if node.inputs else node

    def is_live(self, place: int) -> bool:
        """Return whether anything reads the node; a network input always stays."""
        return self._uses[place] > 0 or self.nodes[place].type == INPUT

    def is_read_once(self, place: int) -> bool:
        """Return whether exactly one operator or output reads the node."""
        return self._uses[place] == 1

    def replace(self, place: int, node: Node) -> None:
        """Put another node in a place."""
        self._count(node, 1)
        self._drop_reads(self.nodes[place])
        self.nodes[place] = node

    def redirect(self, place: int, target: int) -> None:
        """Let the readers of a node read an earlier one."""
        self._uses[target] += self._uses[place]
        self._uses[place] = 0
        self._targets[place] = target
        self._drop_reads(self.nodes[place])

    def live(self) -> Iterator[tuple[int, Node]]:
        """Yield places and nodes in execution order; the caller may rewrite what was yielded."""
        nodes, uses, redirected = self.nodes, self._uses, self._targets.keys()
        for place in range(len(nodes)):
            if uses[place] > 0 or nodes[place].type == INPUT:
                unchanged = redirected.isdisjoint(nodes[place].inputs)
                yield place, nodes[place] if unchanged else self.resolve(place)

    def compact(self) -> "Graph":
        """Return the same graph without dead nodes and redirections."""
        if not self._targets and all(map(self.is_live, range(len(self.nodes)))):
            return self
        compacted = Graph()
        moved: dict[int, int] = {}
        for place, node in self.live():
            inputs = tuple(moved[source] for source in node.inputs)
            moved[place] = compacted.add(node.reading(inputs))
        compacted.finish([moved[self._targets.get(place, place)] for place in self.outputs])
        return compacted

    def _resolved(self, node: Node) -> tuple[int, ...]:
        return tuple(self._targets.get(source, source) for source in node.inputs)

    def _count(self, node: Node, change: int) -> None:
        for source in node.inputs:
            self._uses[source] += change

    def _drop_reads(self, node: Node) -> None:
        for source in self._resolved(node):
            self._uses[source] -= 1
            if self._uses[source] == 0 and self.nodes[source].type != INPUT:
                self._drop_reads(self.nodes[source])
