"""What every key of a study's files means: descriptions and examples for the schemas, and the guide page made of them."""

from __future__ import annotations

import functools
import json
from pathlib import Path

_FILE = Path(__file__).with_name("descriptions.yml")


@functools.cache
def described() -> dict[str, tuple[str, str]]:
    """``Class.key`` → (description, example in YAML)."""
    from ruamel.yaml import YAML

    found = YAML(typ="safe", pure=True).load(_FILE.read_text(encoding="utf-8"))
    return {name: (str(text), str(example)) for name, (text, example) in found.items()}


def class_of(definition: str, title: str) -> str:
    """The name by which descriptions call a class of a schema: its own, with its module where two share it."""
    parts = definition.split("__")
    return f"{parts[-2]}.{parts[-1]}" if len(parts) > 1 else definition or title


def describe(schema: dict) -> None:
    """Put description and example on every property of a schema that has none of its own."""
    root = schema.get("title", "")
    for name, part in (("", schema), *schema.get("$defs", {}).items()):
        for form in (part, *part.get("anyOf", ())):
            for key, said in form.get("properties", {}).items() if isinstance(form, dict) else ():
                found = described().get(f"{class_of(name, root)}.{key}")
                if found and isinstance(said, dict):
                    said.setdefault("description", found[0])
                    said.setdefault("examples", [found[1]])


def keys_page(schemas: dict[str, dict]) -> str:
    """``docs/keys.md``: every key of the given files, class by class, from their schemas."""
    lines = [
        "# Every key of a study's files",
        "",
        "Made from the JSON Schemas (`params/schema`); editors show the same words.",
        "",
    ]
    for file, schema in schemas.items():
        lines += [f"## {file}.yml", ""]
        parts = [
            ("", schema),
            *((n, p) for n, p in schema.get("$defs", {}).items() if not n.endswith("ByYear") and n != "Label"),
        ]
        for name, part in parts:
            forms = [part, *part.get("anyOf", ())]
            rows = [(k, v) for form in forms if isinstance(form, dict) for k, v in form.get("properties", {}).items()]
            if not rows:
                continue
            if name:
                lines += [f"### {class_of(name, '').split('.')[-1]}", ""]
            lines += ["| key | what it means | example |", "|---|---|---|"]
            for key, said in rows:
                text = _cell(said.get("description", ""))
                default = said.get("default")
                if default not in (None, "", [], {}) and not isinstance(default, dict):
                    text += f" (default {_cell(json.dumps(default, ensure_ascii=False))})"
                example = next(iter(said.get("examples", ())), "")
                lines.append(f"| `{key}` | {text} | {f'`{_cell(str(example))}`' if example != '' else ''} |")
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _cell(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")
