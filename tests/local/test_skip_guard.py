"""The guard is run in a pytest of its own, because it has to fail that session and not this one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
EXCUSED = "import pytest\ndef test_one():\n    pytest.skip('needs root: no other account to drop to')\n"
UNEXCUSED = "import pytest\ndef test_one():\n    pytest.skip('flaky')\n"
WHOLE_MODULE = "import pytest\npytest.skip('later', allow_module_level=True)\n"
PASSING = "def test_two():\n    pass\n"
EXPECTED_FAILURE = "import pytest\n@pytest.mark.xfail\ndef test_one():\n    assert False\n"


def run(folder: Path, body: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_body.py").write_text(body)
    (folder / "test_passing.py").write_text(PASSING)
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-p", "plugins.skip_guard", "-p", "no:cacheprovider", *options, "."]
    env = {"PYTHONPATH": str(TESTS), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["one-process", "xdist"])
@pytest.mark.parametrize("body", [UNEXCUSED, WHOLE_MODULE], ids=["test", "module"])
def test_a_skip_without_an_excuse_fails_the_session(tmp_path: Path, body: str, options: tuple[str, ...]) -> None:
    done = run(tmp_path, body, *options)

    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "skips without an excuse" in done.stdout
    assert "1 passed, 1 skipped" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("body", [EXCUSED, EXPECTED_FAILURE], ids=["excused", "xfail"])
def test_an_excused_skip_and_an_expected_failure_pass(tmp_path: Path, body: str) -> None:
    done = run(tmp_path, body)

    assert done.returncode == pytest.ExitCode.OK, done.stdout
