"""Bills of materials: SPDX 2.3 documents, written and checked by the SPDX project's own library.

A document has the time of the commit, and its name (`documentNamespace`) has the digest of what it
describes, where SPDX suggests something random.
"""

import hashlib
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from license_expression import ExpressionError, LicenseExpression, get_spdx_licensing
from packageurl import PackageURL
from spdx_tools.spdx.model.actor import Actor, ActorType
from spdx_tools.spdx.model.checksum import Checksum, ChecksumAlgorithm
from spdx_tools.spdx.model.document import CreationInfo, Document
from spdx_tools.spdx.model.package import (
    ExternalPackageRef,
    ExternalPackageRefCategory,
    Package,
    PackagePurpose,
)
from spdx_tools.spdx.model.relationship import Relationship, RelationshipType
from spdx_tools.spdx.model.spdx_no_assertion import SpdxNoAssertion
from spdx_tools.spdx.writer.json.json_writer import write_document_to_stream

from release.components import Component
from release.source import HOME, Source

_DOCUMENT = "SPDXRef-DOCUMENT"
_LICENSES = get_spdx_licensing()


@dataclass(frozen=True)
class Artifact:
    """What a document describes."""

    purl: PackageURL
    sha256: str
    purpose: PackagePurpose
    file: str = ""


def write(source: Source, name: str, described: dict[Artifact, Sequence[Component]]) -> str:
    """A document about artefacts and what they are made of, as JSON."""
    seen = hashlib.sha256("".join(artifact.sha256 for artifact in described).encode()).hexdigest()
    document = Document(
        CreationInfo(
            spdx_version="SPDX-2.3",
            spdx_id=_DOCUMENT,
            name=name,
            document_namespace=f"{HOME}/spdx/{name}/{seen}",
            creators=[
                Actor(ActorType.ORGANIZATION, "dnsfleet"),
                Actor(ActorType.TOOL, f"dnsfleet-release-{source.version()}"),
            ],
            created=source.moment.replace(tzinfo=None),
        )
    )
    for artifact, components in described.items():
        _add(document, artifact, components)
    text = io.StringIO()
    write_document_to_stream(document, text)
    return json.dumps(json.loads(text.getvalue()), indent=1, sort_keys=True) + "\n"


def wheel(path: Path, purl: PackageURL) -> Artifact:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Artifact(purl, digest, PackagePurpose.LIBRARY, path.name)


def image(purl: PackageURL, digest: str) -> Artifact:
    return Artifact(purl, digest.removeprefix("sha256:"), PackagePurpose.CONTAINER)


def _add(document: Document, artifact: Artifact, components: Sequence[Component]) -> None:
    root = _package(Component(artifact.purl, "Apache-2.0"))
    root.checksums = [Checksum(ChecksumAlgorithm.SHA256, artifact.sha256)]
    root.primary_package_purpose = artifact.purpose
    root.file_name = artifact.file or None
    document.packages.append(root)
    relate(document, _DOCUMENT, RelationshipType.DESCRIBES, root.spdx_id)
    holders = {component.name: _identifier(component.purl) for component in components}
    for component in components:
        package = _package(component)
        document.packages.append(package)
        holder = holders.get(component.inside, root.spdx_id)
        relate(document, holder, RelationshipType.CONTAINS, package.spdx_id)


def relate(document: Document, of: str, kind: RelationshipType, to: str) -> None:
    document.relationships.append(Relationship(of, kind, to))


def _package(component: Component) -> Package:
    unknown = SpdxNoAssertion()
    return Package(
        spdx_id=_identifier(component.purl),
        name=component.name,
        version=component.version,
        download_location=unknown,
        files_analyzed=False,
        supplier=unknown,
        license_concluded=unknown,
        license_declared=_license(component.license),
        copyright_text=unknown,
        external_references=[
            ExternalPackageRef(
                ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", component.purl.to_string()
            )
        ],
    )


def _license(claimed: str) -> LicenseExpression | SpdxNoAssertion:
    """What SPDX knows; many distributions write prose there, or the whole text."""
    try:
        known = _LICENSES.parse(claimed, validate=True, strict=True)
    except ExpressionError:
        known = None
    return SpdxNoAssertion() if known is None else known


def _identifier(purl: PackageURL) -> str:
    """One that SPDX allows: letters, digits, dots and hyphens."""
    plain = f"{purl.type}-{purl.name}-{purl.version}"
    return f"SPDXRef-{re.sub('[^A-Za-z0-9.]+', '-', plain)}"
