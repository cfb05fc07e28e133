"""Thieves who play against the gate's rules; docs/lab-attackers.md shows how one is written."""
