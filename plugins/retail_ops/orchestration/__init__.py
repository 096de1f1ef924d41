"""Everything that knows Airflow: triggers, assets, task bodies, policies, alerts, hooks. No business rule is here."""
