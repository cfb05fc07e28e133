"""Alerts between operators: another one's signed word that a professional's identity was stolen (SSF, CAEP, RISC)."""
