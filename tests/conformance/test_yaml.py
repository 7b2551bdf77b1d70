"""YAML as kubectl reads it: the Go library of kubectl and `dnsfleet up` read the same texts.

The corpus is of three parts: files of `yaml/`, which have what people and programs write; every
scalar that some reader of YAML takes for something else than text; and random ones of the
characters that such scalars consist of.
"""

import json
import random
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cluster import builds
from dnsfleet.resources import yaml_documents
from dnsfleet.resources.yaml_documents import BadDocumentError
from dnsfleet_cli import yaml_writing

CORPUS = sorted((Path(__file__).parent / "yaml").glob("*.yaml"))
OURS = [Path(__file__).parents[2] / folder for folder in ("crds", "examples")]
READ_SECONDS = 300
"""The first run compiles the reader."""
RANDOM_SCALARS = 5_000
SEED = 12

REFUSED = {
    "duplicate-keys.yaml": "the last one counts for kubectl, and the others are lost in silence",
    "end-of-document.yaml": "kubectl takes nothing of what follows a line ...",
    "flow-documents.yaml": "kubectl takes the first and nothing of what follows it",
    "anchor-twice.yaml": "PyYAML refuses a second anchor of one name",
    "own-tags.yaml": "kubectl ignores a tag that it does not know",
    "binary.yaml": "kubectl puts the octets into the text, and what is no UTF-8 is lost",
    "scalar-document.yaml": "kubectl refuses it one step later, as it is no object",
    "colon-at-the-end.yaml": "the C library of PyYAML wants quotes there",
    "float-keys.yaml": "kubectl writes such a number in 32 bits, and may make it another one",
}
"""Files that kubectl reads and `up` refuses with a message, each with the reason."""

WORDS = (
    *("y", "Y", "n", "N", "yes", "Yes", "YES", "yEs", "no", "No", "NO", "on", "On", "ON", "off"),
    *("Off", "OFF", "true", "True", "TRUE", "tRue", "false", "False", "FALSE", "null", "Null"),
    *("NULL", "nULL", "~", "t", "f", "o", "none", "None", "nil", "<<", "=", "!", "yes no", "Y1"),
)
NUMBERS = (
    *("0", "00", "-0", "+0", "1", "-1", "+1", "010", "0o10", "0O10", "-0o7", "+0o7", "08", "09.5"),
    *("0x1f", "0X1F", "-0x1f", "+0x1f", "0xg", "0x", "0b11", "0B11", "-0b11", "0b", "0b2", "0b+1"),
    *(
        "-0b-1",
        "1_000",
        "1__0",
        "_1",
        "1_",
        "0x_f",
        "1e3",
        "1E3",
        "1e+3",
        "1e-3",
        "-1e3",
        "1e",
        "e3",
    ),
    *("60.0", "60.", ".5", "-.5", "+.5", ".5e3", ".", "..", ".e3", "1.5", "1.5.5", "-", "+", "--1"),
    *("12:30", "190:20:30", "1:2", "-1:30", "2026-01-02", "2026-1-2", "2026-01-02T03:04:05Z"),
    *("2026-01-02 03:04:05", "1e400", "-1e400", "1e-400", "1e18", "1e19", "1e20", "1e21", "1e22"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809"),
    *(
        "18446744073709551615",
        "18446744073709551616",
        "+18446744073709551615",
        "0xffffffffffffffff",
    ),
    *("0x10000000000000000", "0777777777777777777777777", "123456789012345678901234567890"),
    *(".inf", ".Inf", ".INF", "+.inf", "-.inf", "-.Inf", ".iNf", ".nan", ".NaN", ".NAN", "+.nan"),
    *("inf", "nan", "Infinity", ".infinity", "0.1", "3.0e2", "-0.0", "1.7976931348623157e308"),
    *("192.0.2.1", "2001:db8::1", "1.2.3", "0.0.0.0", "1d", "5m", "0x1p-2", "1_0.5", "._5", ".5_0"),
)
CHARACTERS = "00112789__..--++eExXobByYnN~:aft"


class Read(NamedTuple):
    """What a reader makes of a text."""

    documents: list[Any]
    error: str


def by_kubectl(texts: Iterable[str]) -> list[Read]:
    ran = subprocess.run(
        [builds.yaml_reader()],
        input=json.dumps(list(texts)),
        capture_output=True,
        text=True,
        check=True,
        timeout=READ_SECONDS,
    )
    return [Read(each["documents"], each["error"]) for each in json.loads(ran.stdout)]


def by_up(text: str) -> Read:
    """What `up` reads up to the first document that it refuses."""
    documents = []
    for line, part in yaml_documents.split(text):
        try:
            found = yaml_documents.read(part, line)
        except BadDocumentError as problem:
            return Read(documents, str(problem))
        if found is not None:
            documents.append(found.raw)
    return Read(documents, "")


def differences(texts: list[str]) -> list[tuple[str, Read, Read]]:
    """The texts that are read otherwise.

    Two readers that refuse one say so in their own words, and where kubectl refuses a separator, it
    loses the document before it too.
    """
    found = []
    for text, theirs in zip(texts, by_kubectl(texts), strict=True):
        ours = by_up(text)
        first = ours.documents[: len(theirs.documents)] if theirs.error else ours.documents
        if bool(ours.error) != bool(theirs.error) or exact(first) != exact(theirs.documents):
            found.append((text, theirs, ours))
    return found


def exact(value: object) -> str:
    """Equal for equal values only: Python takes 1, 1.0 and true for equal."""
    return json.dumps(as_stored(value), sort_keys=True)


def as_stored(value: Any) -> Any:
    """Numbers as the API server has them: a signed integer of 64 bits, or else a float."""
    match value:
        case dict():
            return {key: as_stored(each) for key, each in value.items()}
        case list():
            return [as_stored(each) for each in value]
        case bool():
            return value
        case int() | float():
            whole = isinstance(value, int) and -(2**63) <= value < 2**63
            return int(value) if whole else float(value)
        case _:
            return value


def test_the_corpus_is_read_as_kubectl_reads_it() -> None:
    texts = {path.read_text(): path.name for path in CORPUS if path.name not in REFUSED}
    assert len(texts) >= 10
    assert [(texts[text], *both) for text, *both in differences(list(texts))] == []


def test_the_files_of_this_repository_are_read_as_kubectl_reads_them() -> None:
    texts = [path.read_text() for folder in OURS for path in sorted(folder.rglob("*.yaml"))]
    assert len(texts) > len(OURS)
    assert differences(texts) == []


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_so_and_kubectl_takes_it(name: str) -> None:
    text = (Path(__file__).parent / "yaml" / name).read_text()
    assert by_up(text).error
    (theirs,) = by_kubectl([text])
    assert theirs.error == ""


def test_a_scalar_means_the_same_as_a_value_an_item_and_a_key() -> None:
    generator = random.Random(SEED)
    scalars = {*WORDS, *NUMBERS}
    while len(scalars) < RANDOM_SCALARS:
        scalars.add("".join(generator.choices(CHARACTERS, k=generator.randint(1, 6))))
    forms = ["a: {}\n", "a:\n- {}\n", "a: [{}]\n", "a: '{}'\n", "a: !!str {}\n", "a: !!int {}\n"]
    forms += ["a: !!float {}\n", "a: !!bool {}\n", "a: !!null {}\n"]
    values = [each for each in sorted(scalars) if not each.endswith(":")]  # which makes it a key
    texts = [form.replace("{}", each) for each in values for form in forms]
    assert differences(texts)[:10] == []
    keys = [f"{each}: 1\n" for each in scalars]
    assert [each for each in differences(keys) if not each[2].error][:10] == []


def test_what_we_write_kubectl_reads_as_it_was() -> None:
    generator = random.Random(SEED)
    words = [
        *WORDS,
        *NUMBERS,
        "",
        " a",
        "a ",
        "a: b",
        "#a",
        "- a",
        "é",
        "a\nb\n",
        "\ta",
        "\x07",
        "|",
    ]
    words += ["".join(generator.choices(CHARACTERS, k=5)) for _ in range(RANDOM_SCALARS // 10)]
    wholes = [{"value": word, "items": [word, 1, True, None], word: "key"} for word in words]
    read = by_kubectl(map(yaml_writing.dump, wholes))
    wrong = [
        (whole, each)
        for whole, each in zip(wholes, read, strict=True)
        if each.error or exact(each.documents) != exact([whole])
    ]
    assert wrong[:10] == []


def test_what_zone_import_prints_means_the_same_to_kubectl(tmp_path: Path) -> None:
    """Names that are letters or numbers are texts there, as the CRD wants them."""
    names = ("y", "n", "on", "no", "null", "1e3", "0o10", "010", "1_0", "0x10", "123")
    head = (
        "@ 300 SOA ns1.example.net. hostmaster 1 7200 900 1209600 300\n@ 300 NS ns1.example.net.\n"
    )
    file = tmp_path / "one.zone"
    file.write_text(head + "".join(f"{name} 300 TXT {name}\n" for name in names))
    command = [sys.executable, "-m", "dnsfleet_cli", "zone", "import", "--origin", "one.example"]
    done = subprocess.run([*command, file], capture_output=True, text=True, check=True, timeout=60)
    (read,) = by_kubectl([done.stdout])
    (zone,) = read.documents
    assert sorted(record["name"] for record in zone["spec"]["records"]) == sorted(names)
    assert differences([done.stdout]) == []
