"""Deposits: what an ask becomes while closed. Nobody is looked up, nothing is told, a receipt is given."""
