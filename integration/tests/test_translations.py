"""Every language says everything, about the same things, and nothing that is asked for is missing."""

import json
from pathlib import Path
import re
from typing import Any

from annotatedyaml import load_yaml_dict
import pytest

from custom_components.porthole.const import PLATFORMS

PORTHOLE = Path(__file__).parent.parent / "custom_components" / "porthole"
LANGUAGES = ("de", "en", "es", "fr", "ru", "zh-Hans")


def flatten(tree: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Turn a tree into texts by path."""
    texts: dict[str, str] = {}
    for key, value in tree.items():
        path = f"{prefix}{key}"
        texts |= (
            flatten(value, f"{path}.") if isinstance(value, dict) else {path: value}
        )
    return texts


def texts_of(language: str) -> dict[str, str]:
    """Load a language."""
    return flatten(
        json.loads((PORTHOLE / "translations" / f"{language}.json").read_text())
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_language(language: str) -> None:
    """The same texts with the same placeholders as in English."""
    english, texts = texts_of("en"), texts_of(language)
    assert texts.keys() == english.keys()
    for path, text in texts.items():
        assert text.strip(), path
        assert sorted(re.findall(r"{\w+}", text)) == sorted(
            re.findall(r"{\w+}", english[path])
        ), path


def test_what_the_code_asks_for() -> None:
    """Exceptions, actions and icons have texts."""
    english = texts_of("en")
    code = "".join(path.read_text() for path in PORTHOLE.glob("*.py"))
    keys = re.findall(r'translation_key="(\w+)"', code)
    assert keys
    for key in keys:
        assert any(
            path.startswith((f"exceptions.{key}.", f"issues.{key}."))
            or path.split(".")[2:3] == [key]
            for path in english
        ), key
    services = load_yaml_dict(str(PORTHOLE / "services.yaml"))
    icons = json.loads((PORTHOLE / "icons.json").read_text())
    assert services.keys() == icons["services"].keys()
    for service, definition in services.items():
        assert f"services.{service}.name" in english
        for field in definition.get("fields", {}):
            assert f"services.{service}.fields.{field}.name" in english


def test_what_the_documentation_names() -> None:
    """Every platform, action and sensor is there, and no action that does not exist."""
    text = (PORTHOLE.parents[2] / "docs" / "integration.md").read_text()
    english = texts_of("en")
    for platform in PLATFORMS:
        assert f"`{platform}`" in text, platform
    section = text.partition("## Actions")[2].partition("```")[0]
    services = load_yaml_dict(str(PORTHOLE / "services.yaml"))
    named = {
        name.removeprefix("porthole.") for name in re.findall(r"`([\w.]+)`", section)
    }
    assert named == services.keys()
    for path, name in english.items():
        if path.startswith("entity.sensor.") and path.endswith(".name"):
            words = (
                name.lower()
                .replace("audio codec", "codecs")
                .replace("video codec", "codecs")
            )
            assert words in text, path


def test_every_rule_is_answered() -> None:
    """The quality scale, and the version that the whole project has."""
    rules = load_yaml_dict(str(PORTHOLE / "quality_scale.yaml"))["rules"]
    for rule, answer in rules.items():
        assert answer == "done" or (answer["status"] in ("done", "exempt")), rule
    manifest = json.loads((PORTHOLE / "manifest.json").read_text())
    package = json.loads((PORTHOLE.parents[2] / "package.json").read_text())
    assert manifest["version"] == package["version"]
