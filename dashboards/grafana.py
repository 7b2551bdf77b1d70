"""The JSON of a dashboard, as Grafana 11 and later read it (schema version 39)."""

import json
from pathlib import Path
from typing import Any

from dashboards.model import Board, Kind, Panel, Row, Series, Unit, Variable

FOLDER = Path(__file__).parents[1] / "helm/dnsfleet/files/dashboards"
SCHEMA_VERSION = 39
COLUMNS = 24
"""Of the grid in which panels lie."""
HEIGHTS = {Kind.GRAPH: 8, Kind.FIGURE: 4, Kind.TABLE: 9, Kind.HEAT: 8}
ANY = ".+"
"""What the choice All matches: edges have the labels, and an operator does not."""
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_ALERTS = 'ALERTS{alertname=~"Dnsfleet.*", alertstate="firing"}'

Object = dict[str, Any]


def text(board: Board) -> str:
    """The file of a board."""
    return json.dumps(_board(board), indent=1, ensure_ascii=False) + "\n"


def uid(board: Board) -> str:
    """What a link to the board names; it stays when the title changes."""
    return f"dnsfleet-{board.name}"


def _board(board: Board) -> Object:
    return {
        "uid": uid(board),
        "title": f"dnsfleet / {board.title}",
        "description": board.description,
        "tags": ["dnsfleet"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "browser",
        "time": {"from": "now-1h", "to": "now"},
        "refresh": "30s",
        "templating": {"list": [_data_source(), *map(_variable, board.variables)]},
        "annotations": {"list": [_alerts()]},
        "links": [_links()],
        "panels": _panels(board.rows),
    }


def _data_source() -> Object:
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "refresh": 1,
        "regex": "",
        "hide": 0,
        "includeAll": False,
        "multi": False,
        "options": [],
        "current": {},
    }


def _variable(variable: Variable) -> Object:
    query = f"label_values({variable.metric}, {variable.name})"
    return {
        "name": variable.name,
        "label": variable.label,
        "type": "query",
        "datasource": _SOURCE,
        "definition": query,
        "query": {"qryType": 1, "query": query, "refId": "Values"},
        "refresh": 2,
        "sort": 1,
        "regex": "",
        "hide": 0,
        "includeAll": True,
        "allValue": ANY,
        "multi": True,
        "options": [],
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def _alerts() -> Object:
    """A mark at the time when an alert begins."""
    return {
        "name": "Alerts",
        "datasource": _SOURCE,
        "enable": True,
        "hide": False,
        "iconColor": "red",
        "expr": _ALERTS,
        "titleFormat": "{{alertname}}",
        "textFormat": "{{pop}}",
        "step": "60s",
    }


def _links() -> Object:
    return {
        "type": "dashboards",
        "title": "dnsfleet",
        "tags": ["dnsfleet"],
        "asDropdown": True,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
        "icon": "external link",
        "tooltip": "",
        "url": "",
    }


def _panels(rows: tuple[Row, ...]) -> list[Object]:
    """All panels from left to right and from top to bottom, with their numbers."""
    found: list[Object] = []
    top = 0
    for row in rows:
        at = {"x": 0, "y": top, "w": COLUMNS, "h": 1}
        found.append(
            {"type": "row", "title": row.title, "collapsed": False, "panels": [], "gridPos": at}
        )
        top += 1
        left = height = 0
        for panel in row.panels:
            if left + panel.width > COLUMNS:
                top, left, height = top + height, 0, 0
            high = HEIGHTS[panel.kind]
            found.append(_panel(panel, {"x": left, "y": top, "w": panel.width, "h": high}))
            left, height = left + panel.width, max(height, high)
        top += height
    return [{"id": number, **each} for number, each in enumerate(found, 1)]


def _panel(panel: Panel, place: Object) -> Object:
    instant = panel.kind in (Kind.TABLE, Kind.FIGURE)
    return {
        "type": panel.kind.value,
        "title": panel.title,
        "description": panel.description,
        "datasource": _SOURCE,
        "gridPos": place,
        "targets": [
            _target(number, series, panel.kind, instant)
            for number, series in enumerate(panel.series)
        ],
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit.value,
                "color": {"mode": "thresholds" if instant else "palette-classic"},
                "thresholds": {"mode": "absolute", "steps": _steps(panel)},
                "custom": _custom(panel),
            },
            "overrides": _overrides(panel),
        },
        "options": _OPTIONS[panel.kind],
        "transformations": _transformations(panel),
    }


def _target(number: int, series: Series, kind: Kind, instant: bool) -> Object:
    formats = {Kind.TABLE: "table", Kind.HEAT: "heatmap"}
    return {
        "refId": _letter(number),
        "datasource": _SOURCE,
        "editorMode": "code",
        "expr": series.expression,
        "legendFormat": series.legend or "__auto",
        "format": formats.get(kind, "time_series"),
        "instant": instant,
        "range": not instant,
    }


def _letter(number: int) -> str:
    return chr(ord("A") + number)


def _steps(panel: Panel) -> list[Object]:
    if panel.red_from is not None:
        return [{"color": "green", "value": None}, {"color": "red", "value": panel.red_from}]
    if panel.red_below is not None:
        return [{"color": "red", "value": None}, {"color": "green", "value": panel.red_below}]
    return [{"color": "green" if panel.kind is Kind.FIGURE else "text", "value": None}]


def _custom(panel: Panel) -> Object:
    if panel.kind is not Kind.GRAPH:
        return {}
    bounded = panel.red_from is not None or panel.red_below is not None
    return {
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": 10,
        "showPoints": "never",
        "spanNulls": False,
        "thresholdsStyle": {"mode": "dashed" if bounded else "off"},
    }


def _overrides(panel: Panel) -> list[Object]:
    """The units of the columns of a table."""
    return [
        {
            "matcher": {"id": "byName", "options": series.legend},
            "properties": [{"id": "unit", "value": unit.value}],
        }
        for series, unit in zip(panel.series, panel.units, strict=bool(panel.units))
        if unit is not panel.unit
    ]


def _transformations(panel: Panel) -> list[Object]:
    """One row of a table for each set of labels, with the series side by side."""
    if panel.kind is not Kind.TABLE:
        return []
    values = {
        (f"Value #{_letter(number)}" if len(panel.series) > 1 else "Value"): series.legend
        for number, series in enumerate(panel.series)
    }
    hidden = {"Time": True, "__name__": True, "job": True}
    return [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {"excludeByName": hidden, "renameByName": values}},
    ]


_REDUCED = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_OPTIONS: dict[Kind, Object] = {
    Kind.GRAPH: {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    Kind.FIGURE: {
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "textMode": "auto",
        "reduceOptions": _REDUCED,
    },
    Kind.TABLE: {"showHeader": True, "cellHeight": "sm", "footer": {"show": False}},
    Kind.HEAT: {
        "calculate": False,
        "cellGap": 1,
        "color": {"mode": "scheme", "scheme": "Blues", "steps": 64, "exponent": 0.5},
        "legend": {"show": True},
        "tooltip": {"mode": "single", "yHistogram": False},
        "yAxis": {"axisPlacement": "left", "unit": Unit.SECONDS.value},
    },
}
