"""octoDNS: a zone with a record for each contact, which its target has already.

Each is an address under the contact's id, the smallest record that there is: less than a contact holds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.manifests.process import Contender

ZONE = "everybody.example."
KEPT = "kept.json"
SETTINGS = "supports_root_ns: false, enforce_order: false, escaped_semicolons: false"
YAML = f"class: octodns.provider.yaml.YamlProvider, directory: ./yaml, {SETTINGS}"
TINYDNS = "class: octodns.source.tinydns.TinyDnsFileSource, directory: ./tinydns"
JSON = f"class: benchmarks.manifests.kept_records.KeptRecords, file: ./{KEPT}"
SYNC = (str(Path(sys.executable).parent / "octodns-sync"),)
WITH_LIBYAML = (sys.executable, "-m", "benchmarks.manifests.octodns_with_libyaml")


def records(folder: Path, names: Iterable[str]) -> list[Contender]:
    """Write both sides; gives octoDNS from YAML to YAML, its own form, and as fast as we could make it.

    None checks the order of keys, as octoDNS does unless it is told not to. A target that reads JSON stands
    for a provider that answers at once; libyaml for the parser in Python, the lines of tinydns for all YAML.
    """
    count = write(folder, names)
    return [
        _contender(folder, "YAML to YAML", SYNC, (YAML, YAML), count),
        _contender(folder, "libyaml to JSON", WITH_LIBYAML, (YAML, JSON), count),
        _contender(folder, "tinydns to JSON", SYNC, (TINYDNS, JSON), count),
    ]


def _contender(
    folder: Path, name: str, program: tuple[str, ...], sides: tuple[str, str], count: int
) -> Contender:
    source, target = sides
    configuration = f"{name.replace(' ', '-')}.yaml"
    (folder / configuration).write_text(
        f"providers:\n  source: {{{source}}}\n  target: {{{target}}}\n"
        f"zones:\n  {ZONE}: {{sources: [source], targets: [target]}}\n"
    )
    found = f"populate:   found {count} records"
    says = (f"[source] {found}", f"[target] {found}", "No changes were planned")
    return Contender(f"octodns-sync, {name}", folder, (*program, "--config-file", configuration), says)


def write(folder: Path, names: Iterable[str]) -> int:
    """Write the zone in each form; gives how many records."""
    zone = dict(_zone(names))
    for directory in ("yaml", "tinydns"):
        (folder / directory).mkdir(parents=True)
    (folder / "yaml" / f"{ZONE}yaml").write_text(
        "---\n" + "".join(f"{name}: {{type: A, value: {record['value']}}}\n" for name, record in zone.items())
    )
    (folder / "tinydns" / "zone").write_text(
        "".join(f"+{name}.{ZONE[:-1]}:{record['value']}\n" for name, record in zone.items())
    )
    (folder / KEPT).write_text(json.dumps(zone))
    return len(zone)


def _zone(names: Iterable[str]) -> Iterator[tuple[str, dict[str, str]]]:
    for number, name in enumerate(names):
        yield name, {"type": "A", "value": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
