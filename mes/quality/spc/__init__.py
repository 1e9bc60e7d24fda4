"""Statistical process control as pure functions: charts, run rules, false alarms, capability. No framework, no clock.

Read `chart.py` first: every chart is made of a `Baseline` (what was learned and then frozen) and of points judged
against it. A missing value is None, and nothing is ever computed across it.
"""
