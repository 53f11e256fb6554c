"""Verifies our credentials and presentations with rfc8785 and cryptography, and reads the status bit."""

import gzip
import hashlib
import json
import sys
from base64 import urlsafe_b64decode
from pathlib import Path

import base58
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519_PUB = b"\xed\x01"


def key_for(document: dict, purpose: str, method_url: str) -> Ed25519PublicKey:
    """Finds a key that the document allows for a purpose; references may be relative to its id."""

    def absolute(url):
        return document["id"] + url if url.startswith("#") else url

    if method_url not in [absolute(url) for url in document[purpose]]:
        raise ValueError(f"{method_url} is not in {purpose}")
    (method,) = [m for m in document["verificationMethod"] if absolute(m["id"]) == method_url]
    if method["type"] != "Multikey" or method["controller"] != document["id"]:
        raise ValueError(f"{method_url} is no Multikey of its controller")
    raw = base58.b58decode(method["publicKeyMultibase"].removeprefix("z"))
    return Ed25519PublicKey.from_public_bytes(raw.removeprefix(ED25519_PUB))


def verify(secured: dict, document: dict, purpose: str) -> dict:
    """Verifies the one proof of a document as Data Integrity EdDSA Cryptosuites 1.0, section 3.3.2 says."""
    unsecured = {name: value for name, value in secured.items() if name != "proof"}
    proof = secured["proof"]
    config = {name: value for name, value in proof.items() if name != "proofValue"}
    if (proof["type"], proof["cryptosuite"]) != ("DataIntegrityProof", "eddsa-jcs-2022"):
        raise ValueError("another cryptosuite")
    if proof["proofPurpose"] != purpose:
        raise ValueError("another purpose")
    context = proof["@context"]
    if unsecured["@context"][: len(context)] != context:
        raise ValueError("the contexts differ")
    hashed = b"".join(hashlib.sha256(rfc8785.dumps(part)).digest() for part in (config, unsecured))
    signature = base58.b58decode(proof["proofValue"].removeprefix("z"))
    key_for(document, purpose, proof["verificationMethod"]).verify(signature, hashed)
    return unsecured


def is_set(status_list: dict, index: int) -> bool:
    """Reads one bit as Bitstring Status List v1.0 says: GZIP, base64url behind a u, leftmost bit first."""
    encoded = status_list["credentialSubject"]["encodedList"]
    assert encoded[0] == "u"
    bits = gzip.decompress(urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)))
    assert len(bits) * 8 >= 131_072
    return bool(bits[index // 8] & (0x80 >> (index % 8)))


def judge(sample: Path) -> list[str]:
    read = {path.stem: json.loads(path.read_text()) for path in sample.iterdir()}
    expected, issuer, holder = read["expected"], read["issuer"], read["holder"]
    wrong = []

    def same(what, theirs, ours):
        if theirs != ours:
            wrong.append(f"{what}: theirs {theirs}, ours {ours}")

    credential = verify(read["credential"], issuer, "assertionMethod")
    same("issuer", credential["issuer"], expected["issuer"])
    same("subject", credential["credentialSubject"]["id"], expected["holder"])

    shown = verify(read["presentation"], holder, "authentication")
    proof = read["presentation"]["proof"]
    same("challenge", proof["challenge"], expected["challenge"])
    same("domain", proof["domain"], expected["domain"])
    same("holder", shown["holder"], expected["holder"])
    for inside in shown["verifiableCredential"]:
        same("the claim inside", inside, read["credential"])

    status = credential["credentialStatus"]
    (status,) = status if isinstance(status, list) else [status]
    status_list = verify(read["status-list"], issuer, "assertionMethod")
    same("list", status_list["id"], status["statusListCredential"])
    same("purpose", status_list["credentialSubject"]["statusPurpose"], status["statusPurpose"])
    index = int(status["statusListIndex"])
    same("revoked", is_set(status_list, index), expected["revoked"])
    same("the bits beside it", [is_set(status_list, index + side) for side in (-1, 1)], [True, True])

    try:
        verify(read["changed"], issuer, "assertionMethod")
        wrong.append("the claim with one character changed was accepted too")
    except InvalidSignature:
        pass
    return wrong


def main() -> int:
    samples = sorted((Path(sys.argv[1]) / "credentials").iterdir())
    agreed = 0
    for sample in samples:
        try:
            wrong = judge(sample)
        except Exception as error:  # whatever it raises, it does not accept
            wrong = [repr(error)]
        agreed += not wrong
        verdict = f"DISAGREES: {'; '.join(wrong)}" if wrong else "verified with its presentation and status bit, refused when changed"
        print(f"  {sample.name}: {verdict}")
    print(f"rfc8785 0.1.4 and cryptography 50.0.2 agree on {agreed} of {len(samples)} credentials")
    return 0 if samples and agreed == len(samples) else 1


sys.exit(main())
