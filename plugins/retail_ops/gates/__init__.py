"""Gates: suites from `expectations/`, run by Great Expectations, give a verdict on a batch before it may be published.

Importing this package is cheap: Great Expectations and pandas are imported when the first non-empty batch is judged.
Storing verdicts and opening cases is not here; see `store/`.
"""
