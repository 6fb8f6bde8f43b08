"""Broken YAML in plain words; examples/broken/yaml holds what people do most."""

import pytest

from reconciler.manifests.yaml_syntax import TreeFault
from reconciler.manifests.yaml_tree import compose


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("a: - b\n", 0, 3, "no list can start here"),
        ("a:\n  - b\n  c: d\n", 2, 2, "no list item starts here"),
        ('a: "\\xZZ"\n', 0, 6, "no escape of double quotes starts like this"),
        ("a: &x 1\nb: &x 2\n", 1, 3, "an anchor of this name stands above"),
        ("a: |\n\tb\n", 1, 0, "a tab stands here"),
        ("a: ]\n", 0, 3, "no value starts like this"),
        ("a: >99\n b\n", 0, 5, "after | and > the text starts on the next line"),
        ("a: {b: c]\n", 0, 8, "a comma is missing here, or the end of the {"),
        ("a: [b,\n  c\nd: e\n", 0, 3, "the [ that stands here is never closed"),
        ("a: 'x\nb: 'y'\n", 1, 4, "no field can start here"),
        ("a: b\n>>>>>>> other\n: x: y\n", 1, 0, "a mark of a merge conflict stands here"),
        ("%YAML 1.3\n---\na: b\n", 0, 0, "YAML syntax: found incompatible YAML document"),
    ],
)
def test_a_syntax_fault_says_in_plain_words_what_is_wrong_where_somebody_has_to_type(
    text, line, column, says
):
    """R-MAN-1: the parser's own words are for people who write parsers."""
    fault = compose(text)
    assert isinstance(fault, TreeFault)
    assert (fault.line, fault.column) == (line, column)
    assert fault.message.startswith(says)


def test_what_looks_like_a_merge_conflict_inside_a_text_is_a_text():
    """R-MAN-1: marks are only looked for where the document cannot be read."""
    assert not isinstance(compose("a: |\n  <<<<<<< HEAD\n"), TreeFault)
