"""One call of a Keras layer, and what it may append to the graph."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from nas.errors import CandidateError
from nas.network.keras_node import Graph, Node, Shape


class UnreadableLayer(CandidateError):  # noqa: N818 - named for what the caller falls back from
    """A layer whose operators are only known by converting the model."""


@dataclass(frozen=True)
class Call:
    """A layer applied to values of the graph.

    Attributes:
        layer: The Keras layer or operation.
        inputs: Places of its inputs.
        shape: Output shape, batch 1.
        graph: The graph to append to.
        scalars: Python numbers among its arguments.
    """

    layer: Any
    inputs: tuple[int, ...]
    shape: Shape
    graph: Graph
    scalars: tuple[float, ...] = ()

    @property
    def input(self) -> int:
        """Place of the first input."""
        return self.inputs[0]

    @property
    def input_shape(self) -> Shape:
        """Shape of the first input."""
        return self.shape_at(self.input)

    def shape_at(self, place: int) -> Shape:
        """Return the shape of a value."""
        return self.graph.nodes[place].shape

    def append(
        self,
        operator_type: str,
        inputs: tuple[int, ...],
        shape: Shape,
        *,
        attributes: dict[str, Any] | None = None,
        constant: Shape | None = None,
        parameters: tuple[Shape, ...] = (),
        value: Hashable = None,
    ) -> int:
        """Append an operator of this layer.

        Returns:
            Its place.
        """
        if constant is not None and value is None:
            value = id(self.layer)
        name = str(self.layer.name)
        return self.graph.add(
            Node(
                operator_type,
                inputs,
                shape,
                name,
                attributes or {},
                constant,
                parameters,
                value=value,
            )
        )

    def reshape(self, place: int, shape: Shape) -> int:
        """Append a RESHAPE unless the shape is the same already."""
        if self.shape_at(place) == shape:
            return place
        return self.append("RESHAPE", (place,), shape, parameters=((len(shape),),))

    def as_image(self, place: int) -> int:
        """Append a RESHAPE that makes a sequence an image of height 1."""
        return self.reshape(place, image_shape(self.shape_at(place)))

    def add_bias(self, place: int) -> int:
        """Append the sum with the layer's bias if it has one."""
        if not self.layer.use_bias:
            return place
        channels = self.shape_at(place)[-1:]
        return self.combine("ADD", place, channels, (id(self.layer), "bias"))

    def combine(self, operator_type: str, place: int, constant: Shape, value: Hashable) -> int:
        """Append an elementwise operator whose second operand is constant."""
        return self.append(
            operator_type,
            (place,),
            self.shape_at(place),
            attributes={"activation": "NONE"},
            constant=constant,
            value=value,
        )

    def unreadable(self, reason: str) -> UnreadableLayer:
        """Return the error that names this layer."""
        return UnreadableLayer(
            f"`{self.layer.name}`: {type(self.layer).__name__} {reason}; "
            "convert the untrained model to learn its operators"
        )

    def require_channels_last(self) -> None:
        """Raise unless channels are the last axis."""
        if getattr(self.layer, "data_format", "channels_last") != "channels_last":
            raise self.unreadable("with channels first is not read")


def image_shape(shape: Shape) -> Shape:
    """Return the shape of an image; a sequence is one of height 1."""
    return shape if len(shape) == 4 else (shape[0], 1, *shape[1:])


def pair(sizes: int | Sequence[int]) -> tuple[int, int]:
    """Return (height, width) of a window; that of a sequence has height 1."""
    height, width = (1, *((sizes,) if isinstance(sizes, int) else sizes))[-2:]
    return height, width
