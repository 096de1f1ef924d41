"""Airflow loads the plugin's entry file, once and without errors."""

from __future__ import annotations

from airflow import plugins_manager


def test_the_plugin_is_registered_once_and_without_errors():
    plugins, errors = plugins_manager._get_plugins()
    assert [plugin.name for plugin in plugins].count("retail_ops") == 1
    assert errors == {}
