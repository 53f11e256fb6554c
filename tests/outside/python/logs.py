"""Resolves every sample log with did-webvh and compares what it says with what we say."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from did_webvh.resolver import resolve_did


async def judge(sample: Path) -> list[str]:
    expected = json.loads((sample / "expected.json").read_text())
    result = (await resolve_did(expected["did"], local_history=sample, add_implicit=False)).serialize()
    wrong = []

    def same(what, theirs, ours):
        if theirs != ours:
            wrong.append(f"{what}: theirs {json.dumps(theirs)}, ours {json.dumps(ours)}")

    same("resolution", result["didResolutionMetadata"] or {}, {})
    about = result["didDocumentMetadata"] or {}
    same("versionId", about.get("versionId"), expected["versionId"])
    same("deactivated", bool(about.get("deactivated")), expected["deactivated"])
    if not expected["deactivated"]:
        same("document", result["didDocument"], expected["document"])
    if await accepts(sample, "changed.jsonl", "did-witness.json", expected):
        wrong.append("the log with one character changed was accepted too")
    for damage in ["short", "forged"] if (sample / "did-witness.json").exists() else []:
        if await accepts(sample, "did.jsonl", f"{damage}-witness.json", expected):
            wrong.append(f"a {damage} witness file was accepted too")
    return wrong


async def accepts(sample: Path, log: str, witnesses: str, expected: dict) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        changed = Path(folder)
        (changed / "did.jsonl").write_text((sample / log).read_text())
        if (sample / witnesses).exists():
            (changed / "did-witness.json").write_text((sample / witnesses).read_text())
        result = (await resolve_did(expected["did"], local_history=changed, add_implicit=False)).serialize()
    about = result["didDocumentMetadata"] or {}
    # It may stand at the last entry it believes; that must not be the changed one.
    return about.get("versionId") == expected["versionId"]


async def main() -> int:
    samples = sorted((Path(sys.argv[1]) / "logs").iterdir())
    agreed = 0
    for sample in samples:
        try:
            wrong = await judge(sample)
        except Exception as error:  # whatever it raises, it does not accept
            wrong = [repr(error)]
        agreed += not wrong
        verdict = f"DISAGREES: {'; '.join(wrong)}" if wrong else "accepted, and refused when changed"
        print(f"  {sample.name}: {verdict}")
    print(f"did-webvh 1.0.1 agrees on {agreed} of {len(samples)} logs")
    return 0 if samples and agreed == len(samples) else 1


sys.exit(asyncio.run(main()))
