"""Which files are read, and what an empty or unreadable source comes to."""

import os

import pytest

from reconciler.manifests import discovery

ORG = "apiVersion: campaigns/v1\nkind: Organization\nmetadata: {{name: {}}}\n"


def names(loaded):
    return [document.file.name for document in loaded.documents]


def test_directories_are_searched_in_sorted_order_and_hidden_ones_skipped(load):
    """R-MAN-2: the same order everywhere, and nothing of .git."""
    files = {
        name: ORG.format(f"o{i}")
        for i, name in enumerate(["b.yml", "a/z.yaml", "a/b/c.yaml", ".git/x.yaml", "a/.h/x.yaml", ".x.yaml"])
    }
    assert names(load(files | {"a/notes.txt": "x", "a/data.csv": "x"})) == ["a/b/c.yaml", "a/z.yaml", "b.yml"]


def test_a_file_is_read_once_however_often_it_is_named(load):
    """R-MAN-2: a path inside another path declares nothing twice."""
    loaded = load({"a/x.yaml": ORG.format("x")}, "a", "a/x.yaml", "./a/../a", "a", ".")
    assert (names(loaded), loaded.faults) == (["a/x.yaml"], [])


def test_standard_input_is_a_file(load):
    """PATH may be `-`."""
    loaded = load({}, "-", stdin=b"kind: x\n")
    assert str(loaded.faults[0]).startswith("<stdin>:1:7: 'x' is not a kind")


@pytest.mark.parametrize(
    ("files", "paths", "says"),
    [
        ({}, ["."], "nothing declared here: no *.yaml or *.yml file"),
        ({"a/x.txt": ""}, ["a"], "nothing declared here: no *.yaml or *.yml file"),
        ({"a.yaml": "# nothing\n---\n"}, ["a.yaml"], "nothing declared here: no document in any file"),
        ({}, ["nowhere"], "cannot be read: No such file or directory"),
        ({"a.yaml": ORG.format("x")}, [""], "nothing declared here: the path is empty"),
        ({}, ["\0"], "cannot be read: its name holds a NUL character"),
    ],
)
def test_an_empty_or_unreadable_source_is_a_fault(load, files, paths, says):
    """R-MAN-2: never taken for "everything was removed"."""
    loaded = load(files, *paths)
    assert [fault.message for fault in loaded.faults] == [says]


def test_an_empty_directory_beside_a_full_one_is_a_fault(load, tmp_path):
    """R-MAN-2: each path must declare something."""
    (tmp_path / "empty").mkdir()
    loaded = load({"full/x.yaml": ORG.format("x")}, "full", "empty")
    assert [fault.file for fault in loaded.faults] == ["empty"]


def test_links_inside_are_followed_once_and_loops_and_escapes_are_faults(load, tmp_path):
    """R-MAN-2: a link that leaves the root may not bring anything in."""
    (tmp_path / "out.yaml").write_text(ORG.format("outside"))
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (root / "a" / "loop").symlink_to(root)
    (root / "b").symlink_to(root / "a")
    (root / "c.yaml").symlink_to(tmp_path / "out.yaml")
    (root / "d").symlink_to(tmp_path)
    (root / "e.yaml").symlink_to(root / "gone.yaml")
    loaded = load({"root/a/x.yaml": ORG.format("x")}, "root")
    assert names(loaded) == ["root/a/x.yaml"]
    assert {(f.file, f.message) for f in loaded.faults} == {
        ("root/a/loop", "is a link to a directory above it"),
        ("root/b/loop", "is a link to a directory above it"),
        ("root/c.yaml", "is a link that leaves the directory of the manifests"),
        ("root/d", "is a link that leaves the directory of the manifests"),
        ("root/e.yaml", "cannot be read: No such file or directory"),
    }


def test_a_pipe_among_manifests_is_a_fault_and_blocks_nothing(load, tmp_path):
    """R-MAN-2: only regular files are read from directories."""
    os.mkfifo(tmp_path / "x.yaml")
    assert [fault.message for fault in load({}).faults] == ["is no regular file"]


def test_a_file_above_the_limit_is_a_fault(load, monkeypatch):
    """R-MAN-1: YAML above 64 MiB is refused; the limit is lowered here to stay quick."""
    monkeypatch.setattr(discovery, "MAX_BYTES", 50)
    faults = load({"x.yaml": ORG.format("x" * 50)}).faults
    assert [fault.message for fault in faults] == ["is larger than 64 MiB"]
