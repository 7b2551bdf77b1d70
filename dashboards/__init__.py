"""The dashboards of Grafana, made from code: `make dashboards` writes them into the chart.

A board is a list of rows, a row a title and some panels; `boards` has one module for each board.
`grafana` turns them into the JSON that Grafana reads, and is the only module that knows its fields.
Thresholds are read from the rules of the alerts (`bounds`): a panel turns red where an alert fires.

Every expression is evaluated by a Prometheus that scrapes a real fleet, in
tests/integration/test_up_observe.py.
"""
