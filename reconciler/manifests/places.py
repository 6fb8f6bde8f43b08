"""Where a field stands in its file: walks a document's nodes along the field's path, on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from reconciler.errors import Fault
from reconciler.manifests.yaml_syntax import TreeFault
from reconciler.manifests.yaml_tree import compose

Path = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Place:
    """A document's text in its file; finds lines and columns in it by composing it anew."""

    file: str
    first_line: int
    text: str

    def fault(self, path: Path, message: str, hint: str | None = None, *, key: bool = False) -> Fault:
        """Make a fault at a field's value, or at its key; a field that is missing points at its parent."""
        line, column = self._position(tuple(path), key)
        return Fault(self.file, self.first_line + line, column + 1, message, hint)

    def line(self, path: Path) -> int:
        """Give the line of the file, from 1, on which a field's value starts."""
        return self.first_line + self._position(tuple(path), key=False)[0]

    def tree_fault(self, fault: TreeFault) -> Fault:
        """Give a fault of the document's own tree its place in the file."""
        return Fault(self.file, self.first_line + fault.line, fault.column + 1, fault.message, fault.hint)

    def _position(self, path: tuple[str | int, ...], key: bool) -> tuple[int, int]:  # noqa: FBT001 - private
        root = _composed(self.text)
        if root is None:
            return 0, 0
        node = _find(root, path, key)
        return node.start_mark.line, node.start_mark.column


def lines_of_items(root: Node, path: Path) -> list[int]:
    """Give the lines, from 0, on which the items of the list at a path start."""
    node = _find(root, tuple(path), key=False)
    return [item.start_mark.line for item in node.value] if isinstance(node, SequenceNode) else []


@lru_cache(maxsize=2)
def _composed(text: str) -> Node | None:
    root = compose(text)
    return None if isinstance(root, TreeFault) else root


def _find(node: Node, path: tuple[str | int, ...], key: bool) -> Node:  # noqa: FBT001 - private
    """Walk as far as the path leads; steps that are no field of the document end the walk."""
    found = node
    for step in path:
        if isinstance(node, MappingNode):
            pair = next((p for p in node.value if isinstance(p[0], ScalarNode) and p[0].value == step), None)
            if pair is None:
                return found
            node = pair[1]
            found = pair[0] if key else _visible(pair)
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = found = node.value[step]
        else:
            return found
    return found


def _visible(pair: tuple[Node, Node]) -> Node:
    """Give the value, or its key where nothing stands for the value."""
    key, value = pair
    return key if isinstance(value, ScalarNode) and not value.value else value
