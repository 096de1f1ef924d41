"""The local runtime: one checkout runs PostgreSQL, the stand-ins and Airflow, with nothing installed beside Python.

`runtime` is the door: `up`, `down`, `status`, `run_foreground`. What runs is described in `stack`; how a process is
started, watched and ended is generic (`component`, `supervisor`, `session`) and knows nothing of retail.
NOT here: the command line (`retail_ops.cli`), what the demo does once everything runs, production deployment
(`docker-compose.yaml`).
"""
