"""The Pops of a fleet before anything else of it is parsed.

Parsing ten thousand zones takes many seconds, and the Pops are all that it takes to start edges
that have their zones on disk. Documents that cannot be Pops are left out by their text, which takes
a hundredth of the time and is never wrong: a document of the kind Pop has that word in its text,
or an escape sequence that stands for a part of it.
"""

from dnsfleet.resources import Pop, documents, yaml_documents

from dnsfleet_cli.document_files import DocumentFiles

_KIND = "Pop"
_ESCAPE = "\\"


def first_pops(files: DocumentFiles) -> list[Pop]:
    """The good Pops in the order of the files; the first complete look tells what is wrong."""
    found = []
    for (_, path), _ in files.find():
        if not path.is_file():
            continue  # a pipe can be read once only, and it is not our turn
        try:
            text = files.content.read(path).decode()
        except (OSError, UnicodeDecodeError):
            continue
        if _may_have_pops(text):
            found += documents.load(_without_others(text), str(path))[0]
    distinct, _ = documents.distinct(found)
    return [document.resource for document in distinct if isinstance(document.resource, Pop)]


def _without_others(text: str) -> str:
    """The text with the documents that cannot be Pops taken out, their `---` too."""
    return "".join(part for _, part in yaml_documents.split(text) if _may_have_pops(part))


def _may_have_pops(text: str) -> bool:
    return _KIND in text or _ESCAPE in text
