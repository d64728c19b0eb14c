"""Every key of the files that people write has a description with an example, and the guide page is made of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from csi_lib.study.descriptions import class_of, described
from csi_lib.study.schema import json_schema, keys_guide

DOCS = Path(__file__).parents[2] / "docs"


def properties(schema):
    for name, part in (("", schema), *schema.get("$defs", {}).items()):
        if name.endswith("ByYear"):
            continue
        for form in (part, *part.get("anyOf", ())):
            for key, said in (form.get("properties", {}) if isinstance(form, dict) else {}).items():
                yield f"{class_of(name, schema['title'])}.{key}", said


@pytest.mark.parametrize("file", ["study", "codebook", "agencies"])
def test_no_key_is_without_a_description_and_an_example(file):
    bare = [
        name for name, said in properties(json_schema(file)) if not (said.get("description") and said.get("examples"))
    ]
    assert bare == []


def test_no_description_is_of_a_key_that_is_gone():
    known = {name for file in ("study", "codebook", "agencies") for name, _ in properties(json_schema(file))}
    classes = {"study.yml": "StudyFile", "codebook.yml": "Codebook", "agencies.yml": "AgencyFile"}
    known |= {name.replace(title, own) for name in known for title, own in classes.items()}
    assert [name for name in described() if name not in known] == []


def test_the_guide_page_is_the_one_the_schemas_make():
    assert (DOCS / "keys.md").read_text(encoding="utf-8") == keys_guide()
