-- Days within which an engagement number guarantees the payment, where an insurer says fewer than its domain's
-- (policy/rights.py); none said, the domain's.
alter table registry.insurer
    add column engagement_days smallint check (engagement_days between 0 and 183);
