"""Lists that are encrypted with age: read as in the clear, or refused where `from:` stands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from manifests.conftest import CAMPAIGN
from support.age import RECIPIENT, SECRET, VARIABLES, encrypt_for, new_key, new_ssh_key

from reconciler.core.desired import ObjectKey
from reconciler.core.existing import OFFLINE
from reconciler.manifests.age_keys import keys_in
from reconciler.manifests.encrypted_files import Undecryptable, decrypted
from reconciler.manifests.feeds.batch import batch_manifests
from reconciler.manifests.resolve import examine
from reconciler.spec.contact_feed import ContactFeedSpec

BROKEN = Path(__file__).parents[2] / "examples" / "broken" / "files"
WITH_A_PASSPHRASE = (BROKEN / "024-encrypted-with-a-passphrase" / "contacts.csv.age").read_bytes()
ROWS = b"external_id,phone,plan\nada,2125550142,gold\nbob,2125550143,\n"
BAD = b"external_id,phone\nada,2125550142\nbob,call me\n"
JSON_ROWS = b'{"external_id": "ada", "phone": "2125550142"}\n'
FROM = "list.yaml:5:9: 'crm.csv.age' "
"""Where the fault of a file that cannot be opened stands."""

with_ssh_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="makes SSH keys")


@pytest.fixture(autouse=True)
def _no_key(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def key(monkeypatch):
    """Have the environment hold the key."""
    monkeypatch.setenv("DIALCTL_AGE_KEY", SECRET)


@pytest.fixture
def said(contact_list):
    """Give the one fault of an encrypted list, without its place; no contact comes of it."""

    def fault_of(content=None):
        content = encrypt_for(RECIPIENT, ROWS) if content is None else content
        examination = contact_list(content, file="crm.csv.age")
        [fault] = examination.faults
        assert str(fault).startswith(FROM)
        assert SECRET not in str(fault)
        assert not examination.desired.contacts
        return str(fault).removeprefix(FROM)

    return fault_of


def read(examination):
    """What became of a list, with the name of its file left out."""
    assert examination.faults == []
    return (
        [(c.external_id, c.fields, c.origin.line) for c in examination.desired.contacts],
        [(fault.line, fault.column, fault.message) for fault in examination.bad_rows],
    )


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("crm.csv", ROWS), ("crm.csv", BAD), ("crm.tsv", ROWS.replace(b",", b"\t")), ("CRM.TXT", ROWS),
        ("crm.jsonl", JSON_ROWS), ("crm.ndjson", JSON_ROWS),
    ],
)  # fmt: skip
@pytest.mark.parametrize("armored", [False, True])
def test_an_encrypted_list_is_read_as_in_the_clear(contact_list, name, content, armored):
    """R-MAN-4: the last suffix says that it is encrypted, the one before what it holds."""
    plain = read(contact_list(content, file=name))
    assert plain[0]
    assert plain == read(contact_list(encrypt_for(RECIPIENT, content, armored=armored), file=f"{name}.age"))


@pytest.mark.usefixtures("key")
def test_places_name_the_encrypted_file_and_the_line_in_the_clear(contact_list):
    """R-PHONE-2, R-PLAN-2: whoever decrypts the file finds the row there."""
    examination = contact_list(encrypt_for(RECIPIENT, BAD), file="crm.csv.age")
    [contact], [bad] = examination.desired.contacts, examination.bad_rows
    assert (contact.origin.file, contact.origin.line) == ("crm.csv.age", 2)
    assert bad.place == "crm.csv.age:3:phone"


@pytest.mark.usefixtures("key")
def test_what_is_wrong_with_the_rows_is_told_as_in_the_clear(contact_list):
    """R-MAN-2: 0 bytes are a fault, a file without a header is a fault; neither empties the list."""
    for content, told in [
        (b"", "crm.csv.age: has 0 bytes (to empty the list, leave the header alone in it)"),
        (b"\xff\xfe", "crm.csv.age:1: is UTF-16, not UTF-8 (save it as 'CSV UTF-8')"),
        (ROWS + b'cyd,"', "crm.csv.age:4: has a quote that is never closed"),
    ]:
        [fault] = contact_list(encrypt_for(RECIPIENT, content), file="crm.csv.age").faults
        assert str(fault).startswith(told)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=200_000), armored=st.booleans())
def test_whatever_is_encrypted_comes_back(content, armored):
    """R-MAN-4: decrypting gives the bytes that were encrypted, of any length, beyond one chunk of age too."""
    file = encrypt_for(RECIPIENT, content, armored=armored)
    assert decrypted(file, {"DIALCTL_AGE_KEY": SECRET}) == content


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), change=st.integers(0, 255), armored=st.booleans())
def test_no_damage_is_read_as_rows(place, change, armored):
    """R-MAN-2: a file with another byte, or without its end, is refused, and never read in part."""
    file = bytearray(encrypt_for(RECIPIENT, ROWS, armored=armored).rstrip())
    at = int(place * len(file))
    if change:
        file[at] ^= change
    else:
        del file[at:]
    try:
        read_as = decrypted(bytes(file), {"DIALCTL_AGE_KEY": SECRET})
    except Undecryptable:
        return
    assert read_as == ROWS  # what was changed says nothing, such as a line end of armor


def test_without_a_key(said, monkeypatch):
    """R-MAN-2: the list is refused, and not taken for empty; an empty variable is none."""
    told = (
        "is encrypted, and no key is given: "
        "set DIALCTL_AGE_KEY to the key, or DIALCTL_AGE_KEY_FILE to its file"
    )
    assert said() == told
    monkeypatch.setenv("DIALCTL_AGE_KEY", "")
    monkeypatch.setenv("DIALCTL_AGE_KEY_FILE", os.pathsep)
    assert said() == told


def test_a_key_that_does_not_fit_is_told_by_its_recipient(said, monkeypatch):
    """The recipient is public, and says which key was given; the key itself is never shown."""
    other, recipient = new_key()
    monkeypatch.setenv("DIALCTL_AGE_KEY", f"# mine\n{other}")
    assert said() == (
        f"is encrypted, and not for the key in DIALCTL_AGE_KEY ({recipient}): "
        "give the key that fits, or encrypt the list anew for this recipient, too"
    )
    monkeypatch.setenv("DIALCTL_AGE_KEY", "\n".join(new_key()[0] for _ in range(5)))
    assert "for none of the 5 keys in DIALCTL_AGE_KEY (age1" in said()
    assert " and 2 more): give the key that fits" in said()


def test_keys_come_from_files_and_the_variable_together(contact_list, monkeypatch, tmp_path):
    """Several files, several keys in one, comments and blank lines: one that fits is enough."""
    (tmp_path / "old.txt").write_text(f"# created: 2026\n# public key: x\n\n{new_key()[0]}\r\n")
    (tmp_path / "new.txt").write_text(f"\ufeff{new_key()[0]}\n  {SECRET}  \n")
    monkeypatch.setenv("DIALCTL_AGE_KEY", new_key()[0])
    monkeypatch.setenv("DIALCTL_AGE_KEY_FILE", os.pathsep.join(["old.txt", str(tmp_path / "new.txt")]))
    assert read(contact_list(encrypt_for(RECIPIENT, ROWS), file="crm.csv.age"))[0]


NO_KEYS = {
    "# nothing": "DIALCTL_AGE_KEY holds no key: one begins with AGE-SECRET-KEY-1",
    "key.txt": "line 1 of DIALCTL_AGE_KEY is no key: one begins with AGE-SECRET-KEY-1; "
    "the name of a file belongs into DIALCTL_AGE_KEY_FILE",
    f"#\n{SECRET[:-1]}": "line 2 of DIALCTL_AGE_KEY is a key that is damaged or cut off: copy it once more",
    RECIPIENT: "line 1 of DIALCTL_AGE_KEY is a recipient, for whom files are encrypted: "
    "the key begins with AGE-SECRET-KEY-1",
    "AGE-SECRET-KEY-PQ-1QQ": "line 1 of DIALCTL_AGE_KEY is a key of a plugin, or of another sort than those "
    "that begin with AGE-SECRET-KEY-1",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n": "the SSH key in DIALCTL_AGE_KEY cannot be read: "
    "age takes whole keys of the sorts ed25519 and rsa",
    "-----BEGIN AGE ENCRYPTED FILE-----\nx\n": "the key in DIALCTL_AGE_KEY is encrypted itself: "
    "decrypt that first",
    "\udcff": "line 1 of DIALCTL_AGE_KEY is no key",
}


@pytest.mark.parametrize("text", NO_KEYS, ids=range(len(NO_KEYS)))
def test_a_text_that_is_no_key(said, monkeypatch, text):
    """What is wrong is told by its place, and the text is not repeated."""
    monkeypatch.setenv("DIALCTL_AGE_KEY", text)
    assert said().startswith(f"is encrypted, and {NO_KEYS[text]}")
    assert SECRET[:-1] not in said()


def test_a_key_file_that_cannot_be_read(said, monkeypatch, tmp_path):
    """Each file that is named must be there; a key that stands where its name should is not repeated."""
    (tmp_path / "bad.txt").write_text("# none\nx\n")
    for name, told in [
        ("gone.txt", "its key file gone.txt cannot be read: No such file or directory"),
        (".", "its key file . cannot be read: Is a directory"),
        ("bad.txt", "line 2 of bad.txt is no key: one begins with AGE-SECRET-KEY-1"),
        (
            SECRET,
            "DIALCTL_AGE_KEY_FILE holds a key, not the name of a file: put the key into DIALCTL_AGE_KEY",
        ),
    ]:
        monkeypatch.setenv("DIALCTL_AGE_KEY_FILE", name)
        assert said() == f"is encrypted, and {told}"


DAMAGED = "is damaged or cut off: take it from git once more, or encrypt the list anew"
NEEDS_TYPING = (
    "is encrypted with a passphrase, which nobody is there to type: "
    "encrypt it for a key, with dialctl encrypt"
)
SHUT = {
    "no byte": (b"", "has 0 bytes: write it with dialctl encrypt"),
    "in the clear": (ROWS, "is not encrypted, whatever its name says: write it with dialctl encrypt"),
    "a spreadsheet": (b"PK\x03\x04", "is a spreadsheet or an archive; save the sheet as 'CSV UTF-8'"),
    "a pointer": (
        b"version https://git-lfs.github.com/spec/v1\n",
        "is a pointer of Git LFS, not the file itself; run: git lfs pull",
    ),
    "cut off": (encrypt_for(RECIPIENT, ROWS)[:-1], DAMAGED),
    "cut off in its header": (encrypt_for(RECIPIENT, ROWS)[:30], DAMAGED),
    "armor cut off": (encrypt_for(RECIPIENT, ROWS, armored=True)[:40], DAMAGED),
    "other line ends": (encrypt_for(RECIPIENT, ROWS).replace(b"\n", b"\r\n"), DAMAGED),
    "an unfinished merge": (
        encrypt_for(RECIPIENT, ROWS, armored=True).replace(b"\n", b"\n<<<<<<< HEAD\n", 1),
        "has a mark of a merge conflict on line 2: take one side whole, or encrypt the list anew",
    ),
    "a passphrase": (b64decode(b"".join(WITH_A_PASSPHRASE.splitlines()[1:-1])), NEEDS_TYPING),
    "a passphrase in armor": (WITH_A_PASSPHRASE, NEEDS_TYPING),
}


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("case", SHUT)
def test_a_file_that_no_key_opens(said, case):
    """R-MAN-2: what lies there is told, and what to do."""
    content, told = SHUT[case]
    assert said(content) == told


@pytest.mark.usefixtures("key")
def test_line_ends_and_blanks_around_armor_do_not_matter(contact_list):
    """A checkout may change the line ends of a text: an armored file survives it."""
    armored = encrypt_for(RECIPIENT, ROWS, armored=True)
    for content in (armored.replace(b"\n", b"\r\n"), b"\n\n" + armored + b"\n\n"):
        assert read(contact_list(content, file="crm.csv.age"))[0]


def test_a_file_of_age_under_a_plain_name_is_told(contact_list):
    """The name is what says that a file is to be decrypted."""
    for armored in (False, True):
        [fault] = contact_list(encrypt_for(RECIPIENT, ROWS, armored=armored)).faults
        assert str(fault) == (
            "crm.csv:1: is encrypted with age (let its name end in .age, and that in from: too)"
        )


def test_a_file_that_is_not_there_is_told_with_its_twin(contact_list, tmp_path):
    """What was encrypted and taken out of git is found under its new name, and the other way round."""
    (tmp_path / "people.csv.age").write_bytes(b"")
    examination = contact_list(ROWS, file="crm.csv", spec="---\n" + list_of("people.csv"))
    [fault] = examination.faults
    assert fault.message.endswith("No such file or directory — did you mean 'people.csv.age'?")


def test_a_name_that_does_not_say_what_is_encrypted(contact_list):
    """R-MAN-4: crm.age may be anything, and crm.xlsx.age is no list."""
    for name in ("crm.age", "crm.xlsx.age"):
        [fault] = contact_list(ROWS, file=name).faults
        assert fault.message == (
            f"'{name}' is no kind of data file that is supported; "
            "encrypt one of .csv, .tsv, .txt, .jsonl, .ndjson, .parquet"
        )


def list_of(name):
    return (
        "apiVersion: campaigns/v1\nkind: ContactList\nmetadata: {name: other, campaign: spring}\n"
        f"spec: {{from: {name}}}\n"
    )


@with_ssh_keygen
@pytest.mark.parametrize("sort", ["ed25519", "rsa"])
def test_ssh_keys_decrypt_too(contact_list, said, monkeypatch, tmp_path, sort):
    """A key file may be an SSH key; its text may stand in the variable, too, without its last line end."""
    file = encrypt_for(new_ssh_key(tmp_path / "id", sort), ROWS)
    monkeypatch.setenv("DIALCTL_AGE_KEY_FILE", "id")
    assert read(contact_list(file, file="crm.csv.age"))[0]
    monkeypatch.delenv("DIALCTL_AGE_KEY_FILE")
    monkeypatch.setenv("DIALCTL_AGE_KEY", (tmp_path / "id").read_text().strip())
    assert read(contact_list(file, file="crm.csv.age"))[0]
    assert said() == (
        "is encrypted, and not for the key in DIALCTL_AGE_KEY (an SSH key): "
        "give the key that fits, or encrypt the list anew for this recipient, too"
    )


@with_ssh_keygen
def test_an_ssh_key_with_a_passphrase_is_told(said, monkeypatch, tmp_path):
    """Nobody can be asked for the passphrase."""
    new_ssh_key(tmp_path / "id", passphrase="secret words")
    monkeypatch.setenv("DIALCTL_AGE_KEY_FILE", "id")
    assert said() == (
        "is encrypted, and the SSH key in id is locked with a passphrase, "
        "which nobody is there to type: take a key without one"
    )


@pytest.mark.usefixtures("key")
def test_without_the_extra_it_is_told_how_to_install_it(said, monkeypatch):
    """Encrypted lists alone need pyrage."""
    monkeypatch.setitem(sys.modules, "pyrage", None)
    assert said() == "is encrypted, and what decrypts it is not installed: pip install 'dialctl[age]'"


def test_lists_in_the_clear_do_not_need_the_extra():
    """Nothing imports pyrage before a file asks for it."""
    code = (
        "import sys; sys.modules['pyrage'] = None\n"
        "import reconciler.cli.main, reconciler.manifests.resolve, reconciler.manifests.watching\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_key_does_not_show_itself():
    """What a log or a traceback would print of a key is its recipient."""
    [found] = keys_in({"DIALCTL_AGE_KEY": SECRET})
    assert SECRET not in repr(found)
    assert RECIPIENT in repr(found)


@pytest.mark.parametrize(("name", "in_memory"), [("crm.csv", False), ("crm.csv.age", True)])
def test_what_was_decrypted_is_on_no_disk(examined, name, in_memory):
    """Contacts of an encrypted list, and of an encrypted batch, wait in memory for their plan."""
    text = f"{CAMPAIGN}---\napiVersion: campaigns/v1\nkind: ContactList\n"
    text += f"metadata: {{name: crm, campaign: spring}}\nspec: {{from: {name}}}\n"
    assert examined({"m.yaml": text}).scratch.in_memory == in_memory
    list_ = ObjectKey("ContactList", "default", "spring", "crm")
    spec = ContactFeedSpec.model_validate({"from": "inbox", "mode": "append", "interval": "15m"})
    batch = batch_manifests(list_, spec, name, b"external_id,phone\n")
    assert examine(batch, OFFLINE, b"a key").scratch.in_memory == in_memory
