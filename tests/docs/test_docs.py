"""The documents are true: what they name exists, and what they must name is named."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import yaml
from typer.main import get_command

from retail_ops.cli import app

ROOT = Path(__file__).parents[2]
PRODUCT = ROOT / "plugins" / "retail_ops"
RUN_BOOK = ROOT / "docs" / "runbooks" / "orders.md"
DEPENDENCIES = ROOT / "docs" / "adr" / "0016-dependencies.md"
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        ROOT / "NOTICE",
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("docs/**/*.svg"),
        *ROOT.glob("expectations/*.md"),
    ]
)

# Functions and methods whose call makes a problem, and where the code stands among the arguments.
CODE_POSITIONS = {"MappingError": 0, "RejectedError": 0, "Problem": 0, "_unfit": 0, "fail": 0, "conflict": 1}
# Of a write that was put off: the command waits and no case is opened.
NOT_A_CASE = {"deferred"}

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE_SPAN = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
PATH_START = re.compile(
    r"^(plugins|include|expectations|dags|docs|tests|\.ci)/[\w./-]*$|^[\w.-]+\.(md|toml|yaml|txt)$|^Makefile$|^\.ci/run$"
)
# Files that are named without their folder, or that the local runtime writes.
ELSEWHERE = {
    "channels.yaml": "include/governance",
    "routing.yaml": "include/governance",
    "permissions.yaml": "include/governance",
}
MACHINE_PATH = re.compile(r"(?<![\w./<*-])/(?:home|root|Users|work|tmp|var|mnt|opt|srv|usr|etc)/|[A-Za-z]:\\")
REGISTRY = re.compile(r"(?<!\w)(?:index-url|artifactory|nexus\.|/simple/)")


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def commands_in(text: str) -> Iterator[str]:
    """Every piece of code in a document, one line each."""
    for block in FENCE.findall(text):
        yield from block.splitlines()
    yield from CODE_SPAN.findall(FENCE.sub("", text))


def paths_in(text: str) -> Iterator[str]:
    for code in commands_in(text):
        for word in re.split(r"[,;:]?\s+", code):
            if PATH_START.match(word) and "<" not in word:
                yield word


def anchors_of(text: str) -> set[str]:
    """The names under which headings can be linked, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def broken_links(document: Path, text: str) -> list[str]:
    broken = []
    for target in LINK.findall(text):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        there = document.parent / path if path else document
        if not there.exists() or (anchor and anchor not in anchors_of(text_of(there) if path else text)):
            broken.append(target)
    return broken


def missing_paths(text: str) -> list[str]:
    found = []
    for path in paths_in(text):
        home = ROOT / ELSEWHERE.get(path, "") / path
        if not home.exists():
            found.append(path)
    return found


def words_after(program: str, text: str) -> set[str]:
    """What stands behind a program's name wherever code calls it, e.g. `trace` for `retail-ops trace '#1001'`."""
    pattern = re.compile(rf"(?<![\w./-]){re.escape(program)} ([a-z][a-z-]*)")
    return {word for code in commands_in(text) for word in pattern.findall(code)}


def options_of(command: str, text: str) -> set[str]:
    pattern = re.compile(rf"retail-ops {command}\b([^|#]*)")
    return {
        option
        for code in commands_in(text)
        for rest in pattern.findall(code)
        for option in re.findall(r"(?<!\S)--[a-z-]+", rest)
    }


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):(?!=)", text_of(ROOT / "Makefile"), re.MULTILINE))


def codes_of_source(source: str) -> set[str]:
    """The codes of problems that a module makes, where they are written out."""
    codes = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        position = CODE_POSITIONS.get(name)
        if position is None or len(node.args) <= position:
            continue
        code = node.args[position]
        if isinstance(code, ast.Constant) and isinstance(code.value, str):
            codes.add(code.value)
    return codes


def case_codes() -> set[str]:
    """Every code that a case can have: of the adapters and flows, of the suites, of the routing rules."""
    modules = [path for part in ("channels", "erp", "flows") for path in (PRODUCT / part).rglob("*.py")]
    codes = {code for path in modules for code in codes_of_source(path.read_text(encoding="utf-8"))}
    for suite in ROOT.glob("expectations/*/*.json"):
        codes |= {rule["meta"]["code"] for rule in json.loads(text_of(suite))["expectations"]}
    routing = yaml.safe_load(text_of(ROOT / "include" / "governance" / "routing.yaml"))
    codes |= {rule["name"] for rule in routing["rules"] if rule["then"] == "review"}
    return codes - NOT_A_CASE


def section(text: str, title: str) -> str:
    """The part of a document below one heading of the second level."""
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def codes_in_run_book(text: str) -> set[str]:
    return {code for line in section(text, "Case codes").splitlines() for code in re.findall(r"^\| `([a-z_]+)`", line)}


def direct_dependencies() -> set[str]:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    listed = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    return {re.split(r"[\[<>=~! ]", requirement, maxsplit=1)[0] for requirement in listed}


def dependencies_in(text: str) -> set[str]:
    return {name for line in text.splitlines() for name in re.findall(r"^\| `([A-Za-z0-9.-]+)`", line)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_and_path_of_a_document_exists(document):
    text = text_of(document)

    assert broken_links(document, text) == []
    assert missing_paths(text) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_target_and_option_of_a_document_exists(document):
    text = text_of(document)
    commands = get_command(app).commands

    assert words_after("retail-ops", text) <= set(commands)
    assert words_after("make", text) <= make_targets()
    for name, command in commands.items():
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert options_of(name, text) <= known


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_document_names_a_machine_or_a_registry(document):
    text = text_of(document)

    assert MACHINE_PATH.findall(text) == []
    assert REGISTRY.findall(text) == []


def test_the_run_book_has_every_case_code_and_no_other():
    assert codes_in_run_book(text_of(RUN_BOOK)) == case_codes()


def test_every_direct_dependency_has_its_line_and_no_other_has_one():
    assert dependencies_in(text_of(DEPENDENCIES)) == direct_dependencies()


def test_every_command_is_documented():
    named = {word for document in DOCUMENTS for word in words_after("retail-ops", text_of(document))}

    assert set(get_command(app).commands) <= named


def test_every_decision_is_listed_and_numbered_once():
    files = sorted(path.name for path in ROOT.glob("docs/adr/[0-9]*.md"))
    index = text_of(ROOT / "docs" / "adr" / "README.md")

    assert [name[:4] for name in files] == [f"{number:04}" for number in range(1, len(files) + 1)]
    assert [target for target in LINK.findall(index) if target[0].isdigit()] == files
    for name in files:
        text = text_of(ROOT / "docs" / "adr" / name)
        for heading in ("## Context", "## Decision", "## Consequences", "## Alternatives"):
            assert text.count(heading + "\n") == 1, f"{name}: {heading}"


def test_run_books_that_code_and_suites_point_to_exist():
    from retail_ops.orchestration.alerts import RUN_BOOKS

    flows = {path.stem for path in ROOT.glob("dags/*.py")}
    suites = [json.loads(text_of(path))["meta"]["runbook"] for path in ROOT.glob("expectations/*/*.json")]

    assert all((ROOT / RUN_BOOKS / f"{flow}.md").is_file() for flow in flows)
    assert suites
    assert all((ROOT / suite).is_file() for suite in suites)


def test_constraints_triggers_and_roles_of_the_architecture_exist():
    text = text_of(ROOT / "docs" / "architecture.md")
    schema = text_of(ROOT / "include" / "sql" / "migrations" / "0001.up.sql")
    rows = section(text, "The gate is in the schema") + section(text, "Roles of the database")
    firsts = [line.split(" | ")[0] for line in rows.splitlines() if line.startswith("| ")]
    named = {name for first in firsts for name in CODE_SPAN.findall(first)}

    assert len(named) > 20
    assert {name for name in named if not re.search(rf"\b{name}\b", schema)} == {"retail_ops_store_owner"}


def test_every_connection_of_the_settings_is_in_the_readme():
    from retail_ops.settings import STORE_CONNECTIONS, VAULT_CONNECTION

    text = text_of(ROOT / "README.md")

    assert {name for name in (*STORE_CONNECTIONS.values(), VAULT_CONNECTION) if f"`{name}`" not in text} == set()


def test_the_run_book_has_every_state_of_an_order_and_every_error_class():
    from retail_ops.contracts import errors
    from retail_ops.ports.store import EntityState

    text = text_of(RUN_BOOK)
    states = {
        found[1] for found in re.finditer(r"^\| `([a-z]+)`", section(text, "Where an order stands"), re.MULTILINE)
    }
    raised = {name for name in vars(errors) if name.endswith("Error")} - {
        "RetailOpsError",
        "MappingError",
        "RejectedError",
    }

    assert states == set(get_args(EntityState))
    assert {name for name in raised if f"| `{name}` |" not in text and f"| `{name}` " not in text} == set()


def test_the_run_book_has_every_difference_that_verify_finds():
    from retail_ops.flows.orders.verify import Kind

    finance, run_book = text_of(ROOT / "docs" / "finance.md"), section(text_of(RUN_BOOK), "What verify found")

    assert {
        kind for kind in get_args(Kind) if f"| `{kind}` |" not in finance or f"| `{kind}` |" not in run_book
    } == set()


class TestTheChecksThemselves:
    """Negative controls: each check refuses what it is for."""

    def test_a_link_that_leads_nowhere_is_found(self):
        text = "## One part\n[here](order_flow.svg#no) [a](runbooks/none.md#top) [b](#one-part) [c](#two) [d](https://example.com)"

        assert broken_links(ROOT / "docs" / "architecture.md", text) == [
            "order_flow.svg#no",
            "runbooks/none.md#top",
            "#two",
        ]

    def test_a_path_that_does_not_exist_is_found(self):
        text = "`plugins/retail_ops/cli` `plugins/retail_ops/nothing.py` `routing.yaml`\n```\ncat docs/none.md\n```\n"

        assert sorted(missing_paths(text)) == ["docs/none.md", "plugins/retail_ops/nothing.py"]

    def test_commands_targets_and_options_are_read_from_spans_and_fences(self):
        fence = "```bash\nmake demo EXIT=1\nretail-ops replay 3 --dry-run  # what --it would do\n```\n"
        text = f"`retail-ops trace '#1'`\n{fence}make nothing of it"

        assert words_after("retail-ops", text) == {"trace", "replay"}
        assert words_after("make", text) == {"demo"}
        assert options_of("replay", text) == {"--dry-run"}

    @pytest.mark.parametrize(
        "source",
        [
            'raise MappingError("new_code", "id", "text")',
            'node.fail("new_code", "id", "text")',
            'raise _unfit("new_code", "", "text")',
            'return self._outcomes.conflict(command, "new_code", "text")',
            'rejected(key, Problem("new_code", "", "text"))',
        ],
    )
    def test_a_new_code_is_seen_wherever_it_is_made(self, source):
        source = source if not source.startswith("return") else f"def f():\n    {source}"

        assert codes_of_source(source) == {"new_code"}

    def test_codes_of_the_run_book_come_from_its_table_only(self):
        text = "| `before` |\n## Case codes\n\n| `inside` | `not_this` |\n\n## Next\n| `after` |\n"

        assert codes_in_run_book(text) == {"inside"}

    def test_machines_and_registries_are_found_and_web_addresses_are_not(self):
        assert MACHINE_PATH.search("see /home/somebody/retail_ops")
        assert MACHINE_PATH.search("`/tmp/x`")
        assert not MACHINE_PATH.search("https://example.com/home/x and var/log and docs/tmp/x")
        assert REGISTRY.search("pip install --index-url https://packages.example.com/simple")

    def test_a_dependency_without_a_line_is_noticed(self):
        text = "\n".join(line for line in text_of(DEPENDENCIES).splitlines() if not line.startswith("| `aiosql`"))

        assert direct_dependencies() - dependencies_in(text) == {"aiosql"}
