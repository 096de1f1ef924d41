"""The supervisor as a process of its own: `python -m retail_ops.local.background OPTIONS`, started by `runtime.up`.

NOT here: what it runs (`stack`).
"""

from __future__ import annotations

import json
import logging
import sys
import time

from retail_ops.local.layout import locate_layout
from retail_ops.local.runtime import ALREADY_RUNNING_EXIT
from retail_ops.local.session import hold
from retail_ops.local.stack import StackOptions, local_stack
from retail_ops.local.state import AlreadyRunningError

log = logging.getLogger(__name__)


def main(options: str) -> int:
    """Run the stack until a signal.

    Args:
        options: JSON with fields of `StackOptions`.

    Returns:
        The exit code.
    """
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)sZ %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    layout = locate_layout()
    try:
        return hold(local_stack(layout, StackOptions(**json.loads(options))), layout)
    except AlreadyRunningError as error:
        log.warning("%s", error)
        return ALREADY_RUNNING_EXIT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
