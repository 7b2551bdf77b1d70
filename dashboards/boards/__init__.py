"""The boards, a module each."""

from dashboards.boards import engine, fleet, operators, pop, redis, zone

ALL = (fleet.BOARD, pop.BOARD, zone.BOARD, engine.BOARD, operators.BOARD, redis.BOARD)
