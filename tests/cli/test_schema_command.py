"""`dialctl schema`: writes the JSON Schemas, and checks that they are current."""

from __future__ import annotations

from reconciler.manifests.schemas import schema_files


def test_schemas_are_written_and_current(dialctl, tmp_path):
    """What `schema DIR` writes, `schema --check DIR` finds current; a second run writes nothing."""
    count = len(schema_files())
    assert (
        dialctl("schema", "made/here").out == f"{count} schemas in made/here, {count} of them written anew\n"
    )
    assert {path.name: path.read_text() for path in (tmp_path / "made/here").iterdir()} == schema_files()
    assert dialctl("schema", "made/here").out == f"{count} schemas in made/here, 0 of them written anew\n"
    finished = dialctl("schema", "--check", "made/here")
    assert (finished.code, finished.out) == (0, f"{count} schemas in made/here are current\n")


def test_what_differs_is_named(dialctl, tmp_path):
    """--check exits 1, names a changed file and a missing one, and mends nothing."""
    dialctl("schema", "made")
    (tmp_path / "made/Campaign.json").write_text("{}")
    (tmp_path / "made/Contact.json").unlink()
    finished = dialctl("schema", "--check", "made")
    assert (finished.code, finished.out) == (1, "")
    assert finished.err == (
        "differs from the models: made/Campaign.json, made/Contact.json\nhint: dialctl schema made\n"
    )
    assert (tmp_path / "made/Campaign.json").read_text() == "{}"


def test_a_place_that_cannot_be_written(dialctl, tmp_path):
    """A file where the directory should be is told plainly."""
    (tmp_path / "made").write_text("")
    finished = dialctl("schema", "made")
    assert (finished.code, finished.out, finished.err) == (1, "", "made: cannot be written: File exists\n")
