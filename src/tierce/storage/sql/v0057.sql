-- What items are worth and what products give, as the operator and its insurers sent them (docs/adr/0094). Rows are added
-- and never changed: what holds on a day is the row that began last, and of two that began together the later one. One
-- sequence numbers both tables, so that the greatest number seen names everything that a decision was made by.
create sequence registry.pricing_row as bigint;
create table registry.tariff (
    id         bigint primary key default nextval('registry.pricing_row'),
    feed       bigint not null,                     -- the file that brought it; its lines of the journal name it too
    item       text not null check (item ~ '^[A-Z0-9]{2,12}$'),
    domain     smallint not null,
    basket     smallint not null check (basket in (0, 1, 2)),         -- billing.pricing.model.Basket
    base       integer not null check (base >= 0),                    -- cents, as every amount here, for one unit
    rate       smallint not null check (rate between 0 and 1000),     -- the compulsory scheme's, per mille of the base
    ceiling    integer check (ceiling > 0),
    whole_tm   boolean not null,                    -- a responsible contract owes its whole TM
    least      integer check (least > 0),
    most       integer check (most > 0),
    label_fr   text not null,
    label_en   text not null,
    from_day   integer not null,
    until_day  integer not null,
    check (ceiling >= base),
    check (basket <> 1 or ceiling is not null)
);
create table registry.benefit (
    id         bigint primary key default nextval('registry.pricing_row'),
    feed       bigint not null,
    product    integer not null references registry.product,
    domain     smallint not null,
    item       text check (item ~ '^[A-Z0-9]{2,12}$'),                -- null: every item of the domain without its own
    measure    smallint not null check (measure in (1, 2, 3, 4, 5)),  -- billing.pricing.model.Measure
    value      integer not null check (value >= 0),                   -- per cent, or cents
    cap_months smallint check (cap_months between 1 and 60),
    cap_cents  integer check (cap_cents > 0),
    cap_count  integer check (cap_count > 0),
    from_day   integer not null,
    until_day  integer not null,
    check ((cap_months is null) = (cap_cents is null and cap_count is null))
);
