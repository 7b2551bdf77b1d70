"""Archives depend on names, content and one moment."""

import io
import json
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from release import archives
from release.layouts import Layout, archive_digest

EPOCH = 1_700_000_000
NAME = "ghcr.io/dnsfleet/dnsfleet-edge:0.1.0"
Layer = dict[str, bytes]


def test_a_compressed_archive_has_the_moment_and_nothing_of_this_machine() -> None:
    entries = [("b/Chart.yaml", b"name: b\n"), ("b/a.txt", b"x" * 10_000)]
    packed = archives.tar_gz(entries, EPOCH)
    assert packed == archives.tar_gz(entries, EPOCH)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        members = archive.getmembers()
        assert [member.name for member in members] == ["b/Chart.yaml", "b/a.txt"], "as they came"
        assert {(each.mtime, each.mode, each.uid, each.gid, each.uname) for each in members} == {
            (EPOCH, 0o644, 0, 0, "")
        }
        opened = archive.extractfile("b/a.txt")
        assert opened is not None
        assert opened.read() == b"x" * 10_000


def write_layout(folder: Path, layers: list[Layer]) -> Path:
    """A layout with an image of these layers: path -> content."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def add(content: bytes) -> dict[str, object]:
        digest = sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"digest": f"sha256:{digest}", "size": len(content)}

    manifest = {
        "config": add(json.dumps({"config": {"Env": ["A=b"]}}).encode()),
        "layers": [add(archives.tar_gz(layer.items(), 0)) for layer in layers],
    }
    index = {"schemaVersion": 2, "manifests": [add(json.dumps(manifest).encode())]}
    (folder / "index.json").write_text(json.dumps(index))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (blobs / ("f" * 64)).write_bytes(b"left by an earlier image")
    return folder


@pytest.fixture
def layout(tmp_path: Path) -> Iterator[Layout]:
    layers: list[Layer] = [
        {"etc/a": b"1", "etc/b": b"1", "opt/x/a": b"1", "opt/y/a": b"1"},
        {"etc/a": b"2", "etc/.wh.b": b"", "opt/x/.wh..wh..opq": b"", "opt/.wh.y": b""},
        {"opt/x/z/a": b"3"},
    ]
    yield Layout(write_layout(tmp_path / "layout", layers))


def test_files_of_an_image_are_those_of_all_its_layers(layout: Layout) -> None:
    assert dict(layout.files("a", "b")) == {"etc/a": b"2", "opt/x/z/a": b"3"}
    assert dict(layout.files("etc/*")) == {"etc/a": b"2"}
    assert layout.configuration() == {"config": {"Env": ["A=b"]}}


def test_an_archive_of_an_image_holds_that_image_alone(layout: Layout, tmp_path: Path) -> None:
    one, two = tmp_path / "one.tar", tmp_path / "two.tar"
    layout.write_archive(one, NAME, EPOCH)
    layout.write_archive(two, NAME, EPOCH)
    assert one.read_bytes() == two.read_bytes()
    assert archive_digest(one) == layout.digest
    with tarfile.open(one) as archive:
        names = archive.getnames()
        opened = archive.extractfile("index.json")
        assert opened is not None
        (descriptor,) = json.loads(opened.read())["manifests"]
    assert names[:2] == ["oci-layout", "index.json"]
    assert len(names) == 2 + 5, "the manifest, the configuration and three layers"
    assert not any(name.endswith("f" * 64) for name in names)
    assert descriptor["annotations"] == {
        "io.containerd.image.name": NAME,
        "org.opencontainers.image.ref.name": "0.1.0",
    }
