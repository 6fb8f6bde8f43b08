"""Terraform and OpenTofu: a `terraform_data` for each contact, applied to a local state before.

Several layouts are measured, for a release may change which is the fastest: `for_each` over many looks at all
of them again for each. The resource is built in: no provider is started, and no network is needed.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.manifests.contacts import ROWS
from benchmarks.manifests.process import Contender, prepare

Rows = Sequence[Mapping[str, str]]

PROGRAMS = ("terraform", "tofu")
OF_A_MODULE = 50
PLAN = ("plan", "-input=false", "-no-color", "-refresh=false", "-detailed-exitcode")

BY_NAME = '{ for row in csvdecode(file("contacts.csv")) : row.external_id => row }'
FOR_EACH = f"""locals {{
  contacts = {BY_NAME}
}}
resource "terraform_data" "contact" {{
  for_each = local.contacts
  input    = each.value
}}
"""
MODULES = f"""locals {{
  parts = chunklist(csvdecode(file("contacts.csv")), {OF_A_MODULE})
}}
module "part" {{
  source   = "./part"
  for_each = {{ for number, rows in local.parts : number => {{ for row in rows : row.external_id => row }} }}
  contacts = each.value
}}
"""
MODULE = """variable "contacts" {
  type = map(map(string))
}
resource "terraform_data" "contact" {
  for_each = var.contacts
  input    = each.value
}
"""
COUNT = """locals {
  contacts = csvdecode(file("contacts.csv"))
}
resource "terraform_data" "contact" {
  count = length(local.contacts)
  input = local.contacts[count.index]
}
"""
LAYOUTS = {
    "for_each over a CSV file": {"main.tf": FOR_EACH},
    f"for_each, modules of {OF_A_MODULE}": {"main.tf": MODULES, "part/main.tf": MODULE},
    "count over a CSV file": {"main.tf": COUNT},
    "a block for each": {},
}


def installed() -> list[str]:
    """Give those of the programs that are found on the path."""
    return [name for name in PROGRAMS if shutil.which(name)]


def resources(folder: Path, program: str, rows: Rows) -> list[Contender]:
    """Apply every layout; gives a plan of each, which trusts the state and asks nobody, as a diff does."""
    contenders = []
    for number, (layout, files) in enumerate(LAYOUTS.items()):
        place = folder / f"{program}-{number}"
        write(place, files or {"main.tf": blocks(rows)}, rows)
        prepare(place, program, "init", "-input=false", "-no-color")
        prepare(place, program, "apply", "-input=false", "-no-color", "-auto-approve")
        says = ("No changes.",)
        contenders.append(Contender(f"{program} plan, {layout}", place, (program, *PLAN), says))
    return contenders


def write(folder: Path, files: Mapping[str, str], rows: Rows) -> None:
    """Write a layout, and beside it the rows."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    table = io.StringIO()
    writer = csv.DictWriter(table, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    (folder / ROWS).write_text(table.getvalue())


def blocks(rows: Rows) -> str:
    """Spell every resource out."""
    return "".join(
        f'resource "terraform_data" "{row["external_id"]}" {{\n  input = {{\n'
        + "".join(f'    {name} = "{value}"\n' for name, value in row.items())
        + "  }\n}\n"
        for row in rows
    )
