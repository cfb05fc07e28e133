"""The roles of the database: one for each process, and one for the pages of whoever inspects."""

OWNER = "tierce_owner"
ROLES = (
    "tierce_api",
    "tierce_office",
    "tierce_persons",
    "tierce_insurers",
    "tierce_signer",
    "tierce_worker",
    "tierce_feed",
    "tierce_upkeep",
    "tierce_notices",
    "tierce_inspector",
    "tierce_billing",
    "tierce_peers",
)
"""One login role per process that reaches the database; `portal` is not among them."""
