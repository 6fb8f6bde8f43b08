"""The benchmark beside octoDNS and Terraform gives every side the same objects."""

from __future__ import annotations

import json

import yaml

from benchmarks.manifests import contacts, records, resources

COUNT = 120


def test_each_side_has_the_same_objects(tmp_path):
    """An object for each row, under the row's id: in the zone, in what its targets have, and as resources."""
    contacts.write(tmp_path / "ours", COUNT)
    rows = contacts.rows(tmp_path / "ours")
    ids = [row["external_id"] for row in rows]
    assert len(set(ids)) == COUNT
    assert records.write(tmp_path / "zone", ids) == COUNT
    kept = json.loads((tmp_path / "zone" / "kept.json").read_text())
    assert list(kept) == ids
    assert yaml.safe_load((tmp_path / "zone" / "yaml" / "everybody.example.yaml").read_text()) == kept
    lines = (tmp_path / "zone" / "tinydns" / "zone").read_text().splitlines()
    assert lines == [f"+{name}.everybody.example:{record['value']}" for name, record in kept.items()]
    resources.write(tmp_path / "resources", {"main.tf": resources.blocks(rows)}, rows)
    assert contacts.rows(tmp_path / "resources") == rows
    assert (tmp_path / "resources" / "main.tf").read_text().count('resource "terraform_data"') == COUNT
