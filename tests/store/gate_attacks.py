"""Ways round the gate, each with what stands in its way; `test_gate_schema.py` tries them all for every publish.

An attack names the role that tries it, its statements, the error that it has to meet, and the barriers: the statements
that take away what stops it. With every barrier gone it has to succeed, or it proves nothing.
"""

from __future__ import annotations

from psycopg import errors

from store.attack import GATE, OWNER, WORKER, Attack, command, constraint, grant, judgement, run, trigger, update

CHECKED, LINKED, DENIED = errors.CheckViolation, errors.ForeignKeyViolation, errors.InsufficientPrivilege
GATED, VERDICT, WHOLE = constraint("outbox_gated"), constraint("outbox_verdict"), constraint("outbox_verdict_whole")
REVISION, PASSED = constraint("outbox_revision"), constraint("outbox_verdict_passed")
FROZEN_COMMAND = trigger("outbox_immutable", "outbox")
FROZEN_REVISION = trigger("revision_immutable", "revision")
FROZEN_VERDICT, FROZEN_RUN = trigger("verdict_no_change", "verdict"), trigger("gate_run_no_change", "gate_run")
GIVEN = {"verdict_outcome": "passed"}
OTHER_TEXT = "payload = '{{}}', content_hash = sha256('{{}}')"

WITHOUT_VERDICT = (
    Attack(
        "makes a waiting command ready", WORKER,
        update("outbox", "status = 'ready'", "{raw_command}"), CHECKED, (GATED,),
    ),
    Attack(
        "runs a waiting command", WORKER,
        update("outbox", "status = 'running', worker_id = 1, lease_until = now()", "{raw_command}"), CHECKED, (GATED,),
    ),
    Attack(
        "calls a waiting command done", WORKER,
        update("outbox", "status = 'done', settled_at = now()", "{raw_command}"), CHECKED, (GATED,),
    ),
    Attack(
        "parks a waiting command", WORKER,
        update("outbox", "status = 'parked'", "{raw_command}"), CHECKED, (GATED,),
    ),
    Attack("adds a ready command", WORKER, command(), CHECKED, (GATED,)),
    Attack(
        "opens a command without a verdict", GATE,
        update("outbox", "status = 'ready'", "{raw_command}"), CHECKED, (GATED,),
    ),
    Attack("adds a command with half a verdict", WORKER, command(verdict_id="999999"), CHECKED, (WHOLE,)),
    Attack(
        "opens a command with half a verdict", GATE,
        update("outbox", "status = 'ready', verdict_id = 999999", "{raw_command}"), CHECKED, (WHOLE,),
    ),
    Attack(
        "adds a command with a verdict that is not there", WORKER,
        command(verdict_id="999999", **GIVEN), LINKED, (VERDICT,),
    ),
)  # fmt: skip

WRONG_VERDICT = (
    Attack(
        "uses another revision's verdict", WORKER,
        command(verdict_id="{passed_verdict}", **GIVEN), LINKED, (VERDICT,),
    ),
    Attack(
        "opens with another revision's verdict", GATE,
        update(
            "outbox", "verdict_id = {passed_verdict}, verdict_outcome = 'passed', status = 'ready'",
            "{raw_command}",
        ),
        LINKED, (VERDICT,),
    ),
    Attack(
        "uses a verdict over another hash", WORKER,
        command(
            external_id="passed", revision_id="{passed_revision}", content_hash="{raw_hash}",
            verdict_id="{passed_verdict}", **GIVEN,
        ),
        LINKED, (REVISION, VERDICT),
    ),
    Attack(
        "uses another entity's revision", WORKER,
        command(revision_id="{passed_revision}", content_hash="{passed_hash}", verdict_id="{passed_verdict}", **GIVEN),
        LINKED, (REVISION,),
    ),
    Attack(
        "uses a failed verdict as it is", WORKER,
        command(
            external_id="failed", revision_id="{failed_revision}", content_hash="{failed_hash}",
            verdict_id="{failed_verdict}", verdict_outcome="failed",
        ),
        CHECKED, (PASSED,),
    ),
    Attack(
        "calls a failed verdict passed", WORKER,
        command(
            external_id="failed", revision_id="{failed_revision}", content_hash="{failed_hash}",
            verdict_id="{failed_verdict}", **GIVEN,
        ),
        LINKED, (VERDICT,),
    ),
    Attack(
        "uses the verdict of a blocked run", WORKER,
        command(
            external_id="blocked", revision_id="{blocked_revision}", content_hash="{blocked_hash}",
            verdict_id="{blocked_verdict}", **GIVEN,
        ),
        LINKED, (VERDICT,),
    ),
    Attack(
        "uses another gate's verdict", WORKER,
        command(verdict_id="{other_gate_verdict}", **GIVEN), LINKED, (VERDICT,),
    ),
    Attack(
        "names another gate for the action", WORKER,
        command(gate="other/gate", verdict_id="{other_gate_verdict}", **GIVEN), LINKED, (constraint("outbox_action"),),
    ),
)  # fmt: skip

JUDGING = (
    *(
        attack
        for role in ("worker", "ingest", "report", "privacy")
        for attack in (
            Attack("writes a verdict", role, judgement(), DENIED, (grant("INSERT", "verdict", role),)),
            Attack("writes a run", role, run(), DENIED, (grant("INSERT", "gate_run", role),)),
            Attack(
                "turns a verdict", role, update("verdict", "outcome = 'passed'", "{failed_verdict}"), DENIED,
                (grant("SELECT, UPDATE", "verdict", role), FROZEN_VERDICT),
            ),
            Attack(
                "turns a run", role, update("gate_run", "outcome = 'quarantined'", "{other_run}"), DENIED,
                (grant("SELECT, UPDATE", "gate_run", role), FROZEN_RUN, constraint("verdict_run")),
            ),
        )
    ),
    Attack(
        "passes a row in a blocked run", GATE, judgement(gate_run_id="{blocked_run}", run_outcome="blocked"), CHECKED,
        (constraint("verdict_not_blocked"),),
    ),
    Attack(
        "lies about the run's outcome", GATE,
        judgement(gate_run_id="{blocked_run}"), LINKED, (constraint("verdict_run"),)
    ),
    Attack("lies about the run's gate", GATE, judgement(gate="other/gate"), LINKED, (constraint("verdict_run"),)),
    Attack(
        "judges another hash", GATE,
        judgement(content_hash="{passed_hash}"), LINKED, (constraint("verdict_revision"),),
    ),
    Attack(
        "judges the same row again in the same run", GATE,
        judgement(
            gate_run_id="{failed_run}", run_outcome="quarantined", revision_id="{failed_revision}",
            content_hash="{failed_hash}",
        ),
        errors.UniqueViolation, (constraint("verdict_once"),),
    ),
    Attack(
        "runs the same batch again", GATE, run(batch_id="{blocked_batch}"), errors.UniqueViolation,
        (constraint("gate_run_once"),),
    ),
    Attack(
        "turns its own verdict", GATE, update("verdict", "outcome = 'passed'", "{failed_verdict}"), DENIED,
        (grant("UPDATE", "verdict", GATE), FROZEN_VERDICT),
    ),
    Attack(
        "turns its own run", GATE, update("gate_run", "outcome = 'passed'", "{blocked_run}"), DENIED,
        (grant("UPDATE", "gate_run", GATE), FROZEN_RUN, constraint("verdict_run")),
    ),
    Attack(
        "turns a verdict", OWNER,
        update("verdict", "outcome = 'passed'", "{failed_verdict}"), DENIED, (FROZEN_VERDICT,),
    ),
    Attack(
        "turns a verdict of a blocked run", OWNER, update("verdict", "outcome = 'passed'", "{blocked_verdict}"), DENIED,
        (FROZEN_VERDICT, constraint("verdict_not_blocked")),
    ),
    Attack(
        "turns a blocked run", OWNER, update("gate_run", "outcome = 'passed'", "{blocked_run}"), DENIED,
        (FROZEN_RUN, constraint("verdict_run")),
    ),
    Attack(
        "moves a verdict to another revision", OWNER,
        update("verdict", "revision_id = {raw_revision}, content_hash = '{raw_hash}'", "{passed_verdict}"), DENIED,
        (FROZEN_VERDICT, VERDICT),
    ),
    Attack(
        "removes the verdict behind a command", OWNER, "DELETE FROM ops.verdict WHERE verdict_id = {passed_verdict}",
        DENIED, (FROZEN_VERDICT, VERDICT),
    ),
)  # fmt: skip

AFTERWARDS = (
    Attack(
        "changes a judged text and its hash", OWNER, update("revision", OTHER_TEXT, "{passed_revision}"), DENIED,
        (FROZEN_REVISION, REVISION, constraint("verdict_revision")),
    ),
    Attack(
        "changes a judged text alone", OWNER, update("revision", "payload = '{{}}'", "{passed_revision}"), DENIED,
        (FROZEN_REVISION, constraint("revision_hash")),
    ),
    Attack(
        "changes a judged hash alone", OWNER, update("revision", "content_hash = '\\x00'", "{passed_revision}"), DENIED,
        (FROZEN_REVISION, constraint("revision_hash"), REVISION, constraint("verdict_revision")),
    ),
    Attack(
        "changes a text", WORKER, update("revision", OTHER_TEXT, "{raw_revision}"), DENIED,
        (grant("UPDATE", "revision", WORKER), FROZEN_REVISION, REVISION, constraint("verdict_revision")),
    ),
    Attack(
        "changes a text", GATE, update("revision", OTHER_TEXT, "{raw_revision}"), DENIED,
        (grant("UPDATE", "revision", GATE), FROZEN_REVISION, REVISION, constraint("verdict_revision")),
    ),
    Attack(
        "changes what a command does", OWNER, update("outbox", "action = 'test.other'", "{passed_command}"), DENIED,
        (FROZEN_COMMAND,),
    ),
    Attack(
        "changes what a command does", WORKER, update("outbox", "action = 'test.other'", "{passed_command}"), DENIED,
        (grant("UPDATE", "outbox", WORKER), FROZEN_COMMAND),
    ),
    Attack(
        "changes a command's hash", OWNER, update("outbox", "content_hash = '{raw_hash}'", "{passed_command}"), DENIED,
        (FROZEN_COMMAND, REVISION, VERDICT),
    ),
    Attack(
        "points an open command at another revision", OWNER,
        update(
            "outbox",
            "external_id = 'raw', revision_id = {raw_revision}, content_hash = '{raw_hash}'", "{passed_command}"
        ),
        DENIED, (FROZEN_COMMAND, VERDICT),
    ),
    Attack(
        "exchanges the verdict of an open command", GATE,
        update("outbox", "verdict_id = {second_verdict}", "{passed_command}"), DENIED, (FROZEN_COMMAND,),
    ),
    Attack(
        "takes the verdict from an open command", GATE,
        update(
            "outbox", "verdict_id = NULL, verdict_outcome = NULL",
            "{passed_command}",
        ), DENIED, (FROZEN_COMMAND, GATED),
    ),
    Attack(
        "carries a settled command out again", WORKER,
        update("outbox", "status = 'ready', settled_at = NULL", "{done_command}"), DENIED, (FROZEN_COMMAND,),
    ),
    Attack(
        "moves the action to another gate", OWNER,
        "UPDATE ops.publish_action SET gate = 'other/gate' WHERE action = '{action}'", LINKED,
        (constraint("outbox_action"),),
    ),
    Attack(
        "moves the action to another gate", WORKER,
        "UPDATE ops.publish_action SET gate = 'other/gate' WHERE action = '{action}'", DENIED,
        (grant("UPDATE", "publish_action", WORKER), constraint("outbox_action")),
    ),
)  # fmt: skip

ATTACKS = (*WITHOUT_VERDICT, *WRONG_VERDICT, *JUDGING, *AFTERWARDS)
