"""The gateway: every prediction passes here and is on disk before its answer leaves."""
