from hashlib import sha256

import pytest

from prompts import PromptError, list_prompts, load_prompt
from prompts.parse import parse
from prompts.releases import load_releases

GOOD = """---
name: greet
version: 2
language: fr
description: Salue.
inputs: [who, what]
---
## system

Saluez {{who}}.

## user

{{ what }} — {{who}}
"""


def wrong(text: str, filename: str = "greet.fr.v2.md") -> str:
    with pytest.raises(PromptError) as caught:
        parse(filename, text.encode())
    return str(caught.value)


def test_a_file_is_read() -> None:
    prompt = parse("greet.fr.v2.md", GOOD.encode())
    assert (prompt.name, prompt.version, prompt.language, prompt.inputs) == ("greet", 2, "fr", ("who", "what"))
    assert (prompt.system, prompt.user) == ("Saluez {{who}}.", "{{ what }} — {{who}}")
    digest = sha256(GOOD.encode()).hexdigest()
    assert prompt.reference() == {"name": "greet", "version": "2", "language": "fr", "hash": digest}


@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_line_ends_do_not_change_the_hash(line_end: str) -> None:
    other = parse("greet.fr.v2.md", GOOD.replace("\n", line_end).encode())
    assert other == parse("greet.fr.v2.md", GOOD.encode())


def test_a_prompt_may_say_how_it_is_to_be_used() -> None:
    said = parse(
        "greet.fr.v2.md", GOOD.replace("version: 2\n", "version: 2\ntemperature: 0.3\nmax_tokens: 90\n").encode()
    )
    assert (said.temperature, said.max_tokens) == (0.3, 90)
    assert (parse("greet.fr.v2.md", GOOD.encode()).temperature, said.max_tokens) == (None, 90)


def test_malformed_yaml_names_file_and_line() -> None:
    message = wrong(GOOD.replace("description: Salue.", "description: [Salue"))
    assert message.startswith("greet.fr.v2.md: line 6: malformed YAML: expected")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("---\nname", "name", "no front matter"),
        ("name: greet\n", "", "front matter: missing: name"),
        ("version: 2\n", "version: 2\nauthor: me\n", "front matter: not declared: author"),
        ("version: 2", "version: '2'", "wrong type of version"),
        ("version: 2", "version: true", "wrong type of version"),
        ("version: 2\n", "version: 2\nmax_tokens: 1.5\n", "wrong type of max_tokens"),
        ("[who, what]", "who", "wrong type of inputs"),
        ("[who, what]", "[who, 3]", "wrong type of inputs"),
        ("[who, what]", "[who]", "used but not declared: what"),
        ("[who, what]", "[who, what, when]", "declared but not used: when"),
        ("{{ what }}", "{{What}}", "'{{What}}' is not a variable"),
        ("{{ what }}", "{{ what", "'{{ what"),
        ("version: 2", "version: 3", "the front matter says greet.fr.v3.md"),
        ("name: greet", "name: hail", "the front matter says hail.fr.v2.md"),
        ("## system\n", "", "each once, in this order"),
        ("## user\n", "## user\n## user\n", "each once, in this order"),
        ("## system", "Hello\n## system", "each once, in this order"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, message: str) -> None:
    said = wrong(GOOD.replace(old, new, 1))
    assert said.startswith("greet.fr.v2.md") and message in said


def test_a_front_matter_that_is_not_a_mapping() -> None:
    assert "holds no keys" in wrong("---\n- a\n---\n## system\n## user\n")


def test_bytes_that_are_not_utf8() -> None:
    with pytest.raises(PromptError, match=r"greet\.fr\.v2\.md is not UTF-8"):
        parse("greet.fr.v2.md", b"---\n\xff")


def test_inputs_must_be_those_declared() -> None:
    prompt = parse("greet.fr.v2.md", GOOD.encode())
    with pytest.raises(PromptError, match="missing: what"):
        prompt.render(who="Ana")
    with pytest.raises(PromptError, match="not declared: when"):
        prompt.render(who="Ana", what="Bonjour", when="now")


def test_an_input_is_never_expanded_again() -> None:
    rendered = parse("greet.fr.v2.md", GOOD.encode()).render(who="{{what}} \\1", what="{{who}}")
    assert (rendered.system, rendered.user) == ("Saluez {{what}} \\1.", "{{who}} — {{what}} \\1")


def test_the_highest_version_is_loaded() -> None:
    versions = [p.version for p in list_prompts() if (p.name, p.language) == ("answer", "fr")]
    assert load_prompt("answer", "fr").version == max(versions)
    assert load_prompt("answer", "fr", 1).version == 1


def test_a_language_without_a_prompt_gets_the_english_one() -> None:
    assert load_prompt("answer", "de") == load_prompt("answer", "en")


def test_an_unknown_prompt_or_version_names_the_known_ones() -> None:
    with pytest.raises(PromptError, match=r"There is no prompt sing\.fr") as caught:
        load_prompt("sing", "fr")
    assert "answer.fr.v1" in caught.value.hint
    with pytest.raises(PromptError, match=r"There is no prompt answer\.fr\.v99"):
        load_prompt("answer", "fr", 99)


def test_released_prompts_never_change() -> None:
    now = {prompt.filename: prompt.content_hash for prompt in list_prompts()}
    released = {
        file: pin for held in load_releases().values() for each in held.releases for file, pin in each.files.items()
    }
    changed = sorted(name for name, pinned in released.items() if now.get(name) != pinned)
    assert not changed, f"{', '.join(changed)}: released, so it must not change; write a new version instead."


def test_a_prompt_in_two_languages_has_the_same_inputs() -> None:
    inputs: dict[tuple[str, int], set[frozenset[str]]] = {}
    for prompt in list_prompts():
        inputs.setdefault((prompt.name, prompt.version), set()).add(frozenset(prompt.inputs))
    assert all(len(declared) == 1 for declared in inputs.values())
