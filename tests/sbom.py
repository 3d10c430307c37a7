"""What the portal is made of, as CycloneDX 1.6: python -m tests.sbom FILE

cyclonedx-py reads the lock with its hashes; licences and who needs whom are added from
what is installed.
"""

import importlib.metadata
import json
import subprocess
import sys
import tomllib
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]


def main():
    target = Path(sys.argv[1])
    text = json.dumps(bom(), indent=2, ensure_ascii=False) + "\n"
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault:
        sys.exit(f"The list is not valid: {fault}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    print(f"{target}: {len(json.loads(text)['components'])} components.")


def bom():
    """Return the list as it is written."""
    found = json.loads(
        subprocess.run(
            [
                sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements",
                "requirements.lock", "--pyproject", "pyproject.toml",
                "--output-reproducible", "--mc-type", "application",
                "--spec-version", "1.6",
            ],
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout
    )  # fmt: skip
    components = {c["name"]: c for c in found["components"]}
    for name, component in components.items():
        metadata = importlib.metadata.metadata(name)
        component["bom-ref"] = component["purl"]
        component["description"] = metadata["Summary"] or name
        component["licenses"] = licences(metadata)
    root = found["metadata"]["component"]["bom-ref"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {root: project["dependencies"]}
    for name, component in components.items():
        needed[component["purl"]] = importlib.metadata.requires(name) or []
    found["dependencies"] = [
        {"ref": ref, "dependsOn": refs(asked, components)}
        for ref, asked in needed.items()
    ]
    return found


def refs(requirements, components):
    """Return what is asked for of what is locked; extras are locked with the rest."""
    names = {canonicalize_name(Requirement(asked).name) for asked in requirements}
    return sorted(components[n]["purl"] for n in names & set(components))


def licences(metadata):
    """Return the licence as CycloneDX writes it: an SPDX expression, else a name."""
    expression = metadata.get("License-Expression")
    if expression:
        return [{"expression": expression}]
    names = [
        classifier.rpartition(" :: ")[2]
        for classifier in metadata.get_all("Classifier", [])
        if classifier.startswith("License :: ")
    ] or (metadata.get("License") or "").splitlines()[:1]
    names = names or [first_line_of_licence(metadata["Name"])]
    return [{"license": {"name": name}} for name in names if name]


def first_line_of_licence(package):
    """Return how the text of a package's licence begins, or nothing."""
    named = importlib.metadata.metadata(package).get_all("License-File", [])
    for path in importlib.metadata.files(package) or []:
        if path.name in named:
            return path.read_text(encoding="utf-8").strip().partition("\n")[0]
    return ""


if __name__ == "__main__":
    main()
