"""One line that names the file says why an edge cannot start."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from dnsfleet_edge.main import main

OTHER_KEY = (
    ec.generate_private_key(ec.SECP256R1())
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
)


def settings(key: Path, folder: Path) -> dict[str, object]:
    return {
        "pop": "fra",
        "edge": "fra-0",
        "listen": [["127.0.0.1", 0]],
        "http": ["127.0.0.1", 0],
        "replica_url": "redis://127.0.0.1:1",
        "public_key": str(key),
        "state_dir": str(folder / "state"),
    }


def refusal(config: Path, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as caught:
        main([str(config)])
    assert caught.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "cannot read it: No such file or directory, give the file that the publisher wrote"),
        (b"", "no PEM public key, give the file that the publisher wrote"),
        (b"-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----\n", "no PEM public key, give"),
        (OTHER_KEY, "not an Ed25519 key, give the file that the publisher wrote"),
    ],
    ids=["missing", "empty", "damaged", "of another kind"],
)
def test_an_unusable_key_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, expected: str
) -> None:
    key, config = tmp_path / "publisher.pub", tmp_path / "edge.json"
    if content is not None:
        key.write_bytes(content)
    config.write_text(json.dumps(settings(key, tmp_path)))
    assert refusal(config, capsys).startswith(f"dnsfleet-edge: public key {key}: {expected}")


def test_an_unusable_level(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DNSFLEET_LOG_LEVEL", "loud")
    key = tmp_path / "publisher.pub"
    key.write_bytes(
        ed25519.Ed25519PrivateKey.generate()
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    config = tmp_path / "edge.json"
    config.write_text(json.dumps(settings(key, tmp_path)))
    assert refusal(config, capsys).startswith(
        "dnsfleet-edge: DNSFLEET_LOG_LEVEL: 'loud' is no level, set one of debug, info"
    )


def test_an_unusable_config(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "edge.json"
    config.write_text("{}")
    lines = refusal(config, capsys).splitlines()
    assert lines[0] == f"dnsfleet-edge: {config}: pop: field required"
