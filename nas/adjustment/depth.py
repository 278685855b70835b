"""Blocks of a network, repeated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nas.adjustment.graph import Call, Copies, Graph, finish, fresh_inputs, read_graph, run
from nas.errors import UserError

_KERNELS = ("kernel_size", "units")
_ACTIVATIONS = ("Activation", "ReLU")


@dataclass(frozen=True)
class Block:
    """A part of a network with one way in and one way out, of one shape.

    Attributes:
        name: Name of its last layer.
        entry: Place of the tensor it reads.
        end: Place of the tensor it makes.
        calls: Its calls of layers.
        is_joined: Whether branches end in it, as in a residual block.
    """

    name: str
    entry: int
    end: int
    calls: tuple[Call, ...]
    is_joined: bool


def repeatable_blocks(model: Any) -> list[Block]:
    """List the blocks that can be repeated, in order.

    A block ends in a tensor whose every path from the input passes an earlier tensor of the same
    shape, with convolutions or dense layers between; an activation after a sum belongs to it.

    Args:
        model: A functional Keras model.
    """
    return _blocks(read_graph(model, copy_weights=False))


def repeat_block(
    model: Any, times: int, layer: str | None = None, *, copy_weights: bool = True
) -> Any:
    """Append copies of a block to itself.

    Copies have the block's settings and start with its weights.

    Args:
        model: A functional Keras model.
        times: How many copies, 0 or more.
        layer: The last layer of the block; by default the last residual block, or where there is
            none the last block.
        copy_weights: Whether the new model gets the weights of the old one.

    Raises:
        UserError: There is no such block.
    """
    if times < 0:
        raise UserError(f"a block is repeated 0 times or more, got {times}")
    graph = read_graph(model, copy_weights=copy_weights)
    block = find_block(_blocks(graph), layer)
    copies = [Copies(suffix="" if not count else f"_repeat{count}") for count in range(times + 1)]
    values = fresh_inputs(graph)
    inputs = dict(values)
    at = next(i for i, call in enumerate(graph.calls) if block.end in call.outputs) + 1
    run(graph.calls[:at], values, copies[0])
    for copy in copies[1:]:
        inside = {block.entry: values[block.end]}
        run(block.calls, inside, copy)
        values[block.end] = inside[block.end]
    run(graph.calls[at:], values, copies[0])
    return finish(graph, inputs, values, *copies, copy_weights=copy_weights)


def find_block(blocks: Sequence[Block], layer: str | None) -> Block:
    """Return the block that ends in a layer, or the one that is repeated by default.

    Raises:
        UserError: There is none.
    """
    if not blocks:
        raise UserError(
            "depth: no part of this network has the same shape before and after it; "
            "nothing can be repeated"
        )
    if layer is None:
        return next((block for block in reversed(blocks) if block.is_joined), blocks[-1])
    found = next((block for block in blocks if block.name == layer), None)
    if found is None:
        known = ", ".join(block.name for block in blocks[-12:])
        raise UserError(f"`{layer}`: no block that can be repeated ends here; some do in {known}")
    return found


def _blocks(graph: Graph) -> list[Block]:
    dominators = _dominators(graph)
    makers = {place: call for call in graph.calls for place in call.outputs}
    readers: dict[int, list[Call]] = {}
    for call in graph.calls:
        for place in set(call.inputs):
            readers.setdefault(place, []).append(call)
    blocks = []
    for call in graph.calls:
        block = None if len(call.outputs) != 1 else _block(graph, call, dominators, makers)
        if block is None or _leads_to_activation(call, readers.get(block.end, [])):
            continue
        blocks.append(block)
    return blocks


def _leads_to_activation(call: Call, readers: Sequence[Call]) -> bool:
    """Whether a sum is followed by nothing but an activation, where the block then ends."""
    return _joins(call) and len(readers) == 1 and readers[0].kind in _ACTIVATIONS


def _block(
    graph: Graph, last: Call, dominators: Mapping[int, int], makers: Mapping[int, Call]
) -> Block | None:
    (end,) = last.outputs
    entry = dominators[end]
    while entry >= 0:
        if graph.shapes[entry] == graph.shapes[end]:
            calls = _between(entry, end, makers, graph)
            if any(_has_kernel(call.layer) for call in calls):
                return Block(last.layer.name, entry, end, calls, _ends_joined(last, makers))
        entry = dominators[entry]
    return None


def _ends_joined(last: Call, makers: Mapping[int, Call]) -> bool:
    """Whether branches end in a call, or in the sum before it if it is an activation."""
    before = makers.get(last.inputs[0]) if last.kind in _ACTIVATIONS else None
    return _joins(last) or (before is not None and _joins(before))


def _joins(call: Call) -> bool:
    return len(set(call.inputs)) > 1


def _has_kernel(layer: Any) -> bool:
    return any(hasattr(layer, name) for name in _KERNELS)


def _between(entry: int, end: int, makers: Mapping[int, Call], graph: Graph) -> tuple[Call, ...]:
    needed, waiting = set(), [end]
    while waiting:
        place = waiting.pop()
        if place != entry and id(makers[place]) not in needed:
            needed.add(id(makers[place]))
            waiting.extend(makers[place].inputs)
    return tuple(call for call in graph.calls if id(call) in needed)


def _dominators(graph: Graph) -> dict[int, int]:
    """Return of every place the nearest one that all paths from the inputs pass; -1 is the start.

    Reference: Cooper, Harvey, Kennedy, A Simple, Fast Dominance Algorithm, 2001. Calls are in
    order and without cycles, so one pass is enough.
    """
    above = dict.fromkeys(range(len(graph.inputs)), -1)
    order = {-1: -1, **{place: place for place in above}}

    def meet(one: int, other: int) -> int:
        while one != other:
            if order[one] > order[other]:
                one = above[one]
            else:
                other = above[other]
        return one

    for number, call in enumerate(graph.calls, start=len(graph.inputs)):
        nearest = call.inputs[0] if call.inputs else -1
        for place in call.inputs[1:]:
            nearest = meet(nearest, place)
        for place in call.outputs:
            above[place], order[place] = nearest, number
    return above
