"""The flows under proof. A flow that is named here dies at every boundary of every round, in every test of crashes and
of commits; what its own workers and broken variants do is tested beside `test_workers` and `test_controls`.
"""

from crash.flow import Flow
from crash.orders import ORDERS

FLOWS: tuple[Flow, ...] = (ORDERS,)
ROUNDS = tuple((flow.name, number) for flow in FLOWS for number in range(len(flow.rounds)))
# The rounds that another one follows.
FOLLOWED = tuple((flow.name, number) for flow in FLOWS for number in range(len(flow.rounds) - 1))
