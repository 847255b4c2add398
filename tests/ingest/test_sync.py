"""What a run adds, updates, deletes, keeps and reports; and what it does not encode again."""

import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from brain.encoder import Encoder
from brain.errors import SourceError
from brain.index.base import Point
from brain.text.bm25 import SparseVector
from ingest.parse import SUFFIXES
from ingest.source import list_folder
from ingest.sync import forget


def page(heading: str, *paragraphs: str, **fields: str) -> str:
    head = "".join(f"{name}: {value}\n" for name, value in fields.items())
    front = f"---\n{head}---\n" if fields else ""
    return f"{front}# {heading}\n\n" + "\n\n".join(paragraphs) + "\n"


def long(word: str) -> str:
    """A section that fills a passage of its own."""
    return f"## {word}\n\n" + " ".join(f"La phrase {n} parle de {word} et de rien d'autre." for n in range(14))


def no_encoder() -> Encoder:
    raise AssertionError("there is nothing to encode")


COUNTS = ("added", "updated", "deleted", "unchanged")


def counts(summary: Any) -> tuple[int, ...]:
    return tuple(getattr(summary, name) for name in COUNTS)


# What is counted and what is encoded


def test_a_run_counts_what_it_did(workspace: Any) -> None:
    for name in ("keep", "edit", "drop"):
        workspace.write(f"{name}.md", page(name, "Un texte."))
    assert counts(workspace.run()) == (3, 0, 0, 0)

    workspace.write("edit.md", page("edit", "Un autre texte."))
    workspace.write("new.md", page("new", "Un texte."))
    workspace.write("bad.md", "---\nlanguage: 12\n---\ntexte")
    workspace.remove("drop.md")
    summary = workspace.run()

    assert counts(summary) == (1, 1, 1, 1)
    assert list(summary.failed) == ["bad.md"]
    assert workspace.documents() == {"keep.md", "edit.md", "new.md"}
    assert "# edit\n\nUn autre texte." in workspace.texts()
    assert workspace.state.summary()["unindexed"] == 0


def test_what_is_encoded_and_stored_is_counted(workspace: Any) -> None:
    workspace.write("a.md", page("A", long("colis"), long("carte")))

    summary = workspace.run()

    assert summary.encoded == len(workspace.encoder.passages) == len(workspace.stored()) > 1
    assert all(text.startswith("A\n") or text.startswith("# A\n") for text in workspace.encoder.passages)
    (known,) = workspace.state.known("kb")
    assert known.passages == len(workspace.stored())


def test_what_many_documents_say_alike_is_encoded_once(workspace: Any) -> None:
    for number in range(5):
        workspace.write(f"{number}.md", page("Préavis", "Rien n'est prévu.", tags=f'["idcc:{number}"]'))
    workspace.write("other.md", page("Congés", "Rien n'est prévu."))

    summary = workspace.run()

    assert (summary.added, summary.encoded) == (6, 2)
    assert len(workspace.encoder.passages) == 2
    assert len(workspace.stored()) == 6


def test_passages_know_their_place_in_the_document(workspace: Any) -> None:
    workspace.write("a.md", page("A", long("colis"), long("carte")))
    workspace.run()

    stored = sorted(workspace.stored().values(), key=lambda payload: payload["start"])

    assert [payload["position"] for payload in stored] == list(range(len(stored)))
    assert len(stored) > 1


def test_an_unchanged_run_loads_no_encoder_and_reads_no_file_twice(
    workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write("a.md", page("A", "Un texte."))
    workspace.write("faq.csv", "question,answer\nOù ?,Ici.\nQuand ?,Demain.\n")
    workspace.run()
    before = workspace.stored()

    def not_parsed(files: list[Any], *_: object) -> Any:
        assert not files
        return iter(())

    monkeypatch.setattr("ingest.sync.prepare_all", not_parsed)
    summary = workspace.run(encoder=no_encoder)

    assert counts(summary) == (0, 0, 0, 3)
    assert workspace.stored() == before


def test_a_touched_file_is_not_changed(workspace: Any) -> None:
    path = workspace.write("a.md", page("A", "Un texte."))
    workspace.run()
    os.utime(path, (1, 1))

    assert counts(workspace.run(encoder=no_encoder)) == (0, 0, 0, 1)


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        ("audience", "public", ["public"]),
        ("tags", "[retours, colis]", ["retours", "colis"]),
        ("url", "https://example.com/a", "https://example.com/a"),
        ("updated_at", "2026-05-12", "2026-05-12"),
        ("valid_until", "2026-05-12", 739748),
    ],
)
def test_changed_metadata_is_stored_without_encoding(workspace: Any, field: str, value: str, stored: object) -> None:
    workspace.write("a.md", page("A", "Un texte.", language="fr"))
    workspace.run()
    ids = set(workspace.stored())

    workspace.write("a.md", page("A", "Un texte.", language="fr", **{field: value}))
    summary = workspace.run(encoder=no_encoder)

    assert counts(summary) == (0, 1, 0, 0)
    assert set(workspace.stored()) == ids
    assert [payload[field] for payload in workspace.stored().values()] == [stored]


@pytest.mark.parametrize("fields", [{"title": "Autre"}, {"language": "en"}])
def test_a_changed_title_or_language_is_encoded(workspace: Any, fields: dict[str, str]) -> None:
    workspace.write("a.md", page("A", "Un texte.", language="fr"))
    workspace.run()

    workspace.write("a.md", page("A", "Un texte.", **({"language": "fr"} | fields)))
    summary = workspace.run()

    assert (counts(summary), summary.encoded) == ((0, 1, 0, 0), 1)
    assert len(workspace.stored()) == 1


def test_an_edited_paragraph_encodes_its_passage_alone(workspace: Any) -> None:
    parts = [long("colis"), long("carte"), long("retour"), long("magasin")]
    workspace.write("a.md", page("A", *parts, language="fr"))
    workspace.run()
    before = workspace.stored()

    parts[1] = long("carte").replace("La phrase 3 parle", "La phrase 3 ne parle plus")
    workspace.write("a.md", page("A", *parts, language="fr"))
    summary = workspace.run()

    after = workspace.stored()
    assert summary.encoded == 1
    assert len(after) == len(before) >= 4
    assert len(after.keys() - before.keys()) == len(before.keys() - after.keys()) == 1
    body = workspace.state.document("default", "a.md").body
    assert all(payload["text"] == body[payload["start"] : payload["end"]] for payload in after.values())


# Files that move and ids that meet


def test_a_moved_file_with_an_id_is_the_same_document(workspace: Any) -> None:
    workspace.write("a.md", page("A", "Un texte.", id="x"))
    workspace.run()

    workspace.move("a.md", "sub/b.md")
    summary = workspace.run(encoder=no_encoder)

    assert counts(summary) == (0, 0, 0, 1)
    assert [known.location for known in workspace.state.known("kb")] == ["sub/b.md"]
    assert set(workspace.state.files("kb")) == {"sub/b.md"}
    assert counts(workspace.run(encoder=no_encoder)) == (0, 0, 0, 1)


def test_a_moved_file_without_an_id_is_another_document(workspace: Any) -> None:
    workspace.write("a.md", page("A", "Un texte."))
    workspace.run()

    workspace.move("a.md", "b.md")

    assert counts(workspace.run()) == (1, 0, 1, 0)
    assert workspace.documents() == {"b.md"}


def test_a_file_moved_and_edited_is_updated(workspace: Any) -> None:
    workspace.write("a.md", page("A", "Un texte.", id="x"))
    workspace.run()

    workspace.remove("a.md")
    workspace.write("b.md", page("A", "Un autre.", id="x"))

    assert counts(workspace.run()) == (0, 1, 0, 0)
    assert workspace.texts() == ["# A\n\nUn autre."]


def test_files_that_exchange_their_ids_are_followed(workspace: Any) -> None:
    workspace.write("a.md", page("A", "Un.", id="x"))
    workspace.write("b.md", page("B", "Deux.", id="y"))
    workspace.run()

    workspace.move("a.md", "c.md")
    workspace.move("b.md", "a.md")
    workspace.move("c.md", "b.md")
    summary = workspace.run(encoder=no_encoder)

    assert counts(summary) == (0, 0, 0, 2)
    assert not summary.failed
    assert {known.id: known.location for known in workspace.state.known("kb")} == {"x": "b.md", "y": "a.md"}


def test_of_two_files_with_one_id_the_first_by_name_counts(workspace: Any) -> None:
    workspace.write("b.md", page("B", "Le second.", id="x"))
    assert counts(workspace.run()) == (1, 0, 0, 0)

    workspace.write("a.md", page("A", "Le premier.", id="x"))
    summary = workspace.run()
    assert list(summary.failed) == ["b.md"]
    assert "'x' is already in a.md" in summary.failed["b.md"]
    assert workspace.texts() == ["# A\n\nLe premier."]

    again = workspace.run(encoder=no_encoder)
    assert (counts(again), list(again.failed)) == ((0, 0, 0, 1), ["b.md"])

    workspace.remove("a.md")
    recovered = workspace.run()
    assert not recovered.failed
    assert workspace.texts() == ["# B\n\nLe second."]
    assert not workspace.run(encoder=no_encoder).failed


def test_a_file_with_one_double_id_still_loses_what_it_no_longer_holds(workspace: Any) -> None:
    workspace.write("a.md", page("A", "Le premier.", id="x"))
    workspace.write("b.csv", "id,question,answer\nx,Où ?,Ici.\ny,Quand ?,Demain.\nz,Qui ?,Moi.\n")
    workspace.run()
    assert workspace.documents() == {"x", "y", "z"}

    workspace.write("b.csv", "id,question,answer\nx,Où ?,Ici.\nz,Qui ?,Moi.\n")
    summary = workspace.run()

    assert summary.deleted == 1
    assert workspace.documents() == {"x", "z"}


def test_a_row_that_leaves_a_list_leaves_the_index(workspace: Any) -> None:
    workspace.write("b.csv", "question,answer\nOù ?,Ici.\nQuand ?,Demain.\n")
    workspace.run()

    workspace.write("b.csv", "question,answer\nQuand ?,Demain.\n")

    assert counts(workspace.run(encoder=no_encoder)) == (0, 0, 1, 1)
    assert workspace.texts() == ["# Quand ?\n\nDemain."]


# What can't be read


def test_a_broken_file_keeps_its_earlier_version_and_is_reported(workspace: Any) -> None:
    workspace.write("a.md", page("A", "Un texte."))
    workspace.run()

    workspace.write("a.md", b"\0\0")
    for _ in range(2):
        summary = workspace.run(encoder=no_encoder)
        assert list(summary.failed) == ["a.md"]
        assert workspace.texts() == ["# A\n\nUn texte."]
        assert [problem["path"] for problem in workspace.state.summary()["problems"]] == ["a.md"]

    workspace.write("a.md", page("A", "Un texte."))
    assert not workspace.run().failed
    assert workspace.state.summary()["problems"] == []


def test_a_broken_file_that_is_removed_takes_its_document_along(workspace: Any) -> None:
    workspace.write("a.md", page("A", "Un texte."))
    workspace.write("b.md", page("B", "Un texte."))
    workspace.run()
    workspace.write("a.md", b"\0\0")
    workspace.run()

    workspace.remove("a.md")

    assert workspace.run().deleted == 1
    assert workspace.documents() == {"b.md"}
    assert set(workspace.state.files("kb")) == {"b.md"}


def test_a_file_that_grew_too_large_keeps_its_earlier_version(workspace: Any) -> None:
    workspace.write("a.md", page("A", "Un texte."))
    workspace.run()

    workspace.write("a.md", page("A", "Un texte. " * 200_000))
    summary = workspace.run(encoder=no_encoder)

    assert "too large" in summary.failed["a.md"]
    assert workspace.documents() == {"a.md"}


def test_a_folder_that_cannot_be_read_keeps_its_documents(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.write("open/a.md", page("A", "Un texte."))
    workspace.write("open/z.md", page("Z", "Un texte."))
    workspace.write("closed/b.md", page("B", "Un texte."))
    workspace.write("closed/deep/c.md", page("C", "Un texte."))
    workspace.run()
    real = os.scandir

    def scandir(path: Any) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", scandir)
        workspace.remove("open/a.md")
        summary = workspace.run()

    assert summary.failed == {"closed": "Permission denied"}
    assert summary.deleted == 1
    assert workspace.documents() == {"open/z.md", "closed/b.md", "closed/deep/c.md"}
    assert counts(workspace.run(encoder=no_encoder)) == (0, 0, 0, 3)


def test_a_document_that_left_an_unreadable_folder_is_found_again_when_it_is_back(
    workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write("closed/b.md", page("B", "Un texte.", id="x"))
    workspace.write("other.md", page("O", "Un texte."))
    workspace.run()
    workspace.write("a.md", page("B", "Un texte.", id="x"))
    listing = list_folder(workspace.folder, SUFFIXES)
    files = tuple(file for file in listing.files if not file.name.startswith("closed/"))
    workspace.run(listing=type(listing)(files, {"closed": "Permission denied"}))

    workspace.remove("a.md")

    assert not workspace.run().failed
    assert workspace.documents() == {"x", "other.md"}


# Sources that are empty, partial, several


def test_a_source_that_is_suddenly_empty_is_refused(workspace: Any) -> None:
    workspace.write("a.md", page("A", "Un texte."))
    workspace.run()
    workspace.remove("a.md")

    with pytest.raises(SourceError, match="holds no documents any more; 1 are indexed") as error:
        workspace.run()
    assert "--allow-empty" in error.value.hint
    assert workspace.documents() == {"a.md"}

    assert workspace.run(allow_empty=True).deleted == 1
    assert workspace.documents() == set()


def test_a_source_that_was_always_empty_is_not_refused(workspace: Any) -> None:
    assert counts(workspace.run()) == (0, 0, 0, 0)


def test_a_partial_run_keeps_what_it_does_not_see(workspace: Any) -> None:
    workspace.write("a.md", page("A", "Un texte."))
    workspace.write("b.csv", "question,answer\nOù ?,Ici.\nQuand ?,Demain.\n")
    workspace.run()

    workspace.remove("a.md")
    workspace.write("b.csv", "question,answer\nOù ?,Là.\n")
    summary = workspace.run(partial=True)

    assert counts(summary) == (0, 1, 1, 0)
    assert workspace.texts() == ["# A\n\nUn texte.", "# Où ?\n\nLà."]
    assert workspace.run().deleted == 1
    assert workspace.texts() == ["# Où ?\n\nLà."]


def test_an_empty_partial_run_changes_nothing(workspace: Any) -> None:
    workspace.write("a.md", page("A", "Un texte."))
    workspace.run()
    workspace.remove("a.md")

    assert counts(workspace.run(partial=True)) == (0, 0, 0, 0)
    assert workspace.documents() == {"a.md"}


def test_a_document_moved_in_a_partial_run_is_found_again_when_its_file_is_back(workspace: Any) -> None:
    workspace.write("b.md", page("B", "Un texte.", id="x"))
    workspace.run()
    workspace.move("b.md", "c.md")
    workspace.run(partial=True)

    workspace.move("c.md", "b.md")

    assert workspace.run().deleted == 0
    assert workspace.documents() == {"x"}


def test_two_sources_leave_each_other_alone(workspace: Any, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.md").write_text(page("B", "Un texte."), encoding="utf-8")
    workspace.write("a.md", page("A", "Un texte."))
    workspace.run()

    assert counts(workspace.run(source="other", folder=other)) == (1, 0, 0, 0)
    assert counts(workspace.run(encoder=no_encoder)) == (0, 0, 0, 1)
    assert workspace.documents() == {"a.md", "b.md"}

    (other / "b.md").unlink()
    workspace.run(source="other", folder=other, allow_empty=True)
    assert workspace.documents() == {"a.md"}


def test_an_id_of_another_source_is_reported_and_leaves_it_alone(workspace: Any, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.md").write_text(page("B", "De l'autre."), encoding="utf-8")
    workspace.write("a.md", page("A", "Un texte."))
    workspace.run()

    summary = workspace.run(source="other", folder=other)

    assert "belongs to the source kb" in summary.failed["a.md"]
    assert workspace.texts() == ["# A\n\nUn texte."]

    forget("kb", workspace.state, workspace.sync()._writer)
    assert not workspace.run(source="other", folder=other).failed
    assert workspace.texts() == ["# B\n\nDe l'autre."]


def test_the_same_id_may_be_in_two_tenants(workspace: Any, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.md").write_text(page("B", "D'Acme."), encoding="utf-8")
    workspace.write("a.md", page("A", "Un texte."))
    workspace.run()

    assert not workspace.run(source="other", folder=other, tenant="acme").failed

    assert {(p["tenant"], p["text"]) for p in workspace.stored().values()} == {
        ("default", "# A\n\nUn texte."),
        ("acme", "# B\n\nD'Acme."),
    }


def test_a_tenant_is_binding(workspace: Any) -> None:
    workspace.write("a.md", page("A", "Un texte.", tenant="globex"))
    workspace.write("b.md", page("B", "Un texte."))

    summary = workspace.run(tenant="acme")

    assert list(summary.failed) == ["a.md"]
    assert {(p["tenant"], p["document_id"]) for p in workspace.stored().values()} == {("acme", "b.md")}


def test_another_tenant_for_the_same_files_moves_their_documents(workspace: Any) -> None:
    workspace.write("a.md", page("A", "Un texte."))
    workspace.run(tenant="acme")

    workspace.run(tenant="globex")

    assert {p["tenant"] for p in workspace.stored().values()} == {"globex"}


def test_forgetting_a_source_removes_all_of_it_and_only_that(workspace: Any, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.md").write_text(page("B", "Un texte."), encoding="utf-8")
    workspace.write("a.md", page("A", "Un texte."))
    workspace.run()
    workspace.run(source="other", folder=other)

    assert forget("other", workspace.state, workspace.sync()._writer) == 1

    assert workspace.documents() == {"a.md"}
    assert workspace.state.files("other") == {}
    with pytest.raises(SourceError, match="no source other"):
        forget("other", workspace.state, workspace.sync()._writer)


# What is lost or cut short


def test_a_lost_state_is_made_anew_without_encoding_and_without_orphans(workspace: Any) -> None:
    for name in "ab":
        workspace.write(f"{name}.md", page(name, "Un texte."))
    workspace.run()
    workspace.remove("b.md")
    workspace.state.close()
    for file in workspace.settings.home.glob("state.db*"):
        file.unlink()
    workspace.state = type(workspace.state)(workspace.settings)

    summary = workspace.run(encoder=no_encoder)

    assert counts(summary) == (1, 0, 0, 0)
    assert workspace.documents() == {"a.md"}
    assert counts(workspace.run(encoder=no_encoder)) == (0, 0, 0, 1)


def test_a_lost_index_is_filled_again(workspace: Any, new_index: Any, tmp_path: Path) -> None:
    workspace.write("a.md", page("A", long("colis"), long("carte")))
    workspace.write("b.md", page("B", "Un texte."))
    workspace.run()
    before = workspace.stored()
    workspace.index.close()
    workspace.index = type(workspace.index).open(new_index(tmp_path / "new"))

    summary = workspace.run()

    assert counts(summary) == (0, 2, 0, 0)
    assert workspace.stored() == before
    assert counts(workspace.run(encoder=no_encoder)) == (0, 0, 0, 2)


def test_an_older_copy_of_the_index_is_brought_up_to_date(workspace: Any) -> None:
    """Restored from a backup that the state knows nothing of: another identity, other documents."""
    workspace.write("a.md", page("A", "Ancien."))
    workspace.write("gone.md", page("G", "Parti."))
    workspace.run()
    workspace.write("a.md", page("A", "Nouveau."))
    workspace.remove("gone.md")
    workspace.state.close()
    for file in workspace.settings.home.glob("state.db*"):
        file.unlink()
    workspace.state = type(workspace.state)(workspace.settings)

    workspace.run()

    assert workspace.texts() == ["# A\n\nNouveau."]


class Killed(BaseException):
    pass


def killed(*_: object, **__: object) -> None:
    raise Killed


def test_killed_before_the_end_a_row_that_left_its_list_goes_in_the_next_run(
    workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write("b.csv", "question,answer\nOù ?,Ici.\nQuand ?,Demain.\n")
    workspace.run()
    workspace.write("b.csv", "question,answer\nQuand ?,Demain.\n")
    with monkeypatch.context() as patched:
        patched.setattr("ingest.sync.Sync._delete_vanished", killed)
        with pytest.raises(Killed):
            workspace.run()

    workspace.run()

    assert workspace.texts() == ["# Quand ?\n\nDemain."]


@pytest.mark.parametrize("step", ["Writer.delete", "State.delete", "State.forget_files", "Writer.reconcile"])
def test_killed_while_deleting_a_file_that_comes_back_is_read_again(
    workspace: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    workspace.write("a.md", page("A", "Un texte."))
    workspace.write("b.md", page("B", "Un texte."))
    workspace.run()
    workspace.remove("a.md")
    module = "brain.state" if step.startswith("State") else "ingest.writer"
    with monkeypatch.context() as patched:
        patched.setattr(f"{module}.{step}", killed)
        with pytest.raises(Killed):
            workspace.run()
    workspace.write("a.md", page("A", "Un texte."))

    workspace.run()

    assert workspace.documents() == {"a.md", "b.md"}


def test_killed_while_forgetting_the_source_can_be_ingested_again(
    workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write("a.md", page("A", "Un texte."))
    workspace.run()
    for step in ("brain.state.State.delete", "brain.state.State.forget_files"):
        with monkeypatch.context() as patched:
            patched.setattr(step, killed)
            with pytest.raises(Killed):
                forget("kb", workspace.state, workspace.sync()._writer)

        workspace.run()

        assert workspace.documents() == {"a.md"}


def test_what_a_killed_run_stored_is_not_encoded_again(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.write("a.md", page("A", long("colis"), long("carte")))
    with monkeypatch.context() as patched:
        patched.setattr("brain.state.State.save_files", killed)
        with pytest.raises(Killed):
            workspace.run()
    stored = workspace.stored()

    summary = workspace.run(encoder=no_encoder)

    assert summary.added + summary.updated + summary.unchanged == 1
    assert workspace.stored() == stored


def test_a_document_marked_unindexed_is_done_again_though_its_file_is_the_same(workspace: Any) -> None:
    workspace.write("a.md", page("A", "Un texte."))
    workspace.run()
    workspace.index.delete_document("default", "a.md")
    workspace.state.mark_unindexed([("default", "a.md")])

    assert counts(workspace.run()) == (0, 1, 0, 0)
    assert workspace.documents() == {"a.md"}


def test_passages_of_an_index_that_knows_strangers_are_dropped(workspace: Any) -> None:
    workspace.write("a.md", page("A", "Un texte."))
    workspace.run()
    (id, payload), *_ = workspace.stored().items()
    dense = workspace.encoder.encode_passages(["x"])[0].tolist()
    stranger = payload | {"document_id": "stranger"}
    workspace.index.upsert([Point(str(uuid4()), dense, SparseVector([], []), stranger)])
    workspace.state.set_meta("index_id", "another")

    workspace.run()

    assert set(workspace.stored()) == {id}
