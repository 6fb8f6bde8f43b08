"""The text of one YAML document → values, strictly: every scalar is the text that stands there (R-MAN-1)."""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml import CSafeLoader, Node, ScalarNode, SequenceNode

from reconciler.manifests.yaml_syntax import TreeFault, syntax_fault
from reconciler.spec.scalars import PlainScalar

MAX_DEPTH = 100
MAX_ALIASED_NODES = 1_000_000
"""How many nodes aliases may add to those that are written down."""

_SAFE_FOR_LIBYAML = 1000
"""libyaml composes recursively and overflows the C stack at some 100,000 levels; so far it is surely safe."""

_LONG_INDENT = re.compile(rf"^[ \t?:-]{{{_SAFE_FOR_LIBYAML}}}", re.MULTILINE)
_PLAIN = "plain"
_QUOTED = "quoted"
_COLLECTION = "collection"
_ALLOWED_TAGS = {"tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
_KEY_HINT = "quote a text that holds brackets or braces; render a template before"
_MERGE_HINT = "write the fields out, or alias whole values"
_NULLS = frozenset({"", "~", "null"})


class _TextLoader(CSafeLoader):
    """Composes nodes whose tag only says how the scalar was written."""

    def resolve(self, kind: type[Node], _value: Any, implicit: Any) -> str:  # noqa: ANN401 - PyYAML's own signature
        if kind is ScalarNode:
            return _PLAIN if implicit[0] else _QUOTED
        return _COLLECTION


def compose(text: str) -> Node | TreeFault | None:
    """Compose one document; None for an empty one. Bounded in depth, so no text can crash libyaml."""
    try:
        too_deep = _too_deep(text)
        if too_deep is not None:
            return too_deep
        root: Node | None = _TextLoader(text).get_single_node()
    except yaml.MarkedYAMLError as fault:
        return syntax_fault(fault, text)
    except yaml.YAMLError as fault:
        return TreeFault(0, 0, f"is no YAML: {fault}")
    if isinstance(root, ScalarNode) and root.tag == _PLAIN and not root.value:
        return None
    return root


def read_values(root: Node, text: str) -> tuple[Any, list[TreeFault]]:
    """Give the values of a composed document, and every fault in it.

    Plain scalars become PlainScalar, quoted ones str, and plain `null`, `~` and nothing become None. Faults:
    duplicate keys, tags, merge keys, keys that are no scalar, nesting beyond 100 levels, and aliases that
    recurse or explode; after a fault of the last two sorts the values are None.
    """
    if "*" in text and (fault := _alias_fault(root)) is not None:
        return None, [fault]
    faults: list[TreeFault] = []
    try:
        return _value(root, 1, faults), faults
    except _TooDeepError as fault:
        return None, [*faults, _deep_fault(fault.mark)]


class _TooDeepError(Exception):
    def __init__(self, mark: Any) -> None:  # noqa: ANN401 - PyYAML's marks have no common type
        super().__init__()
        self.mark = mark


def _value(node: Node, depth: int, faults: list[TreeFault]) -> Any:  # noqa: ANN401 - any JSON value
    if type(node) is ScalarNode:
        return _scalar(node, faults)
    if depth > MAX_DEPTH:
        raise _TooDeepError(node.start_mark)
    if node.tag != _COLLECTION and node.tag not in _ALLOWED_TAGS:
        faults.append(_tag_fault(node))
    if type(node) is SequenceNode:
        return [_value(item, depth + 1, faults) for item in node.value]
    found: dict[str, Any] = {}
    for key, item in node.value:
        if type(key) is not ScalarNode:
            faults.append(_at(key, "a key must be a text", _KEY_HINT))
            continue
        name = key.value
        if name in found:
            faults.append(_duplicate_fault(key, node))
        elif name == "<<" and key.tag == _PLAIN:
            faults.append(_at(key, "merge keys (<<) are not supported", _MERGE_HINT))
            continue
        found[name] = _value(item, depth + 1, faults)
    return found


def _scalar(node: ScalarNode, faults: list[TreeFault]) -> str | None:
    if node.tag == _PLAIN:
        return PlainScalar(node.value) if node.value not in _NULLS else None
    if node.tag != _QUOTED and node.tag not in _ALLOWED_TAGS:
        faults.append(_tag_fault(node))
    return str(node.value)


def _duplicate_fault(key: ScalarNode, mapping: Node) -> TreeFault:
    first = next(other for other, _ in mapping.value if other.value == key.value)
    apart = key.start_mark.line - first.start_mark.line
    where = f"{apart} line{'s' if apart > 1 else ''} above" if apart else "on the same line"
    between = "; write --- between two manifests" if key.value == "apiVersion" else ""
    return _at(key, f"duplicate key '{key.value}'", f"the first stands {where}{between}")


def _tag_fault(node: Node) -> TreeFault:
    tag = str(node.tag).replace("tag:yaml.org,2002:", "!!")
    return _at(node, f"tags such as {tag} are not supported", "every scalar is the text that stands there")


def _at(node: Node, message: str, hint: str | None = None) -> TreeFault:
    return TreeFault(node.start_mark.line, node.start_mark.column, message, hint)


def _deep_fault(mark: Any) -> TreeFault:  # noqa: ANN401 - PyYAML's marks have no common type
    return TreeFault(mark.line, mark.column, f"nested deeper than {MAX_DEPTH} levels")


def _too_deep(text: str) -> TreeFault | None:
    """Bound the depth cheaply: by brackets and indentation; count exactly only where that is not enough."""
    if text.count("[") + text.count("{") < _SAFE_FOR_LIBYAML and not _LONG_INDENT.search(text):
        return None
    depth = 0
    for event in yaml.parse(text, CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                return _deep_fault(event.start_mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None


def _alias_fault(root: Node) -> TreeFault | None:
    """Find an alias that stands inside its own anchor, nests too deeply, or multiplies nodes."""
    measured: dict[int, tuple[int, int]] = {}  # node → (nodes, levels) once every alias is written out
    open_nodes: set[int] = set()

    def measure(node: Node, depth: int) -> tuple[int, int]:
        known = measured.get(id(node))
        if known is not None:
            return known
        if isinstance(node, ScalarNode):
            return 1, 0
        if id(node) in open_nodes:
            raise _RecursionError(node)
        if depth > MAX_DEPTH:
            raise _TooDeepError(node.start_mark)
        open_nodes.add(id(node))
        inner = node.value if isinstance(node, SequenceNode) else [n for pair in node.value for n in pair]
        sizes = [measure(item, depth + 1) for item in inner]
        open_nodes.discard(id(node))
        levels = 1 + max((level for _, level in sizes), default=0)
        if levels > MAX_DEPTH:
            raise _TooDeepError(node.start_mark)
        measured[id(node)] = (1 + sum(size for size, _ in sizes), levels)
        return measured[id(node)]

    try:
        nodes, _ = measure(root, 1)
    except _RecursionError as fault:
        return _at(fault.node, "an alias stands inside its own anchor", "write the value out")
    except _TooDeepError as fault:
        return _deep_fault(fault.mark)
    if nodes > MAX_ALIASED_NODES + _written_nodes(measured, root):
        return _at(root, f"aliases add more than {MAX_ALIASED_NODES:,} values", "write them to a data file")
    return None


class _RecursionError(Exception):
    def __init__(self, node: Node) -> None:
        super().__init__()
        self.node = node


def _written_nodes(measured: dict[int, tuple[int, int]], root: Node) -> int:
    """Count the nodes that are written down: each once, however often aliases name it."""
    seen: set[int] = set()
    todo = [root]
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if id(node) in measured:
            todo += node.value if isinstance(node, SequenceNode) else [n for pair in node.value for n in pair]
    return len(seen)
