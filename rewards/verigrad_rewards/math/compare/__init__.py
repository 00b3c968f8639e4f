"""Decide whether two trees mean the same."""
