"""The boards, a module each."""

from dashboards.boards import engine, fleet, operator, pop, redis, zone

ALL = (fleet.BOARD, pop.BOARD, zone.BOARD, engine.BOARD, operator.BOARD, redis.BOARD)
