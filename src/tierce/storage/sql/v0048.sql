-- What an insurer's cards print where it is more than its own AMC number: several insurers may share a number, and the
-- secondary routing criterion (CSR) tells them apart (docs/adr/0072). Declared in the insurers' file; nothing personal.
create table registry.printed (
    insurer smallint not null references registry.insurer,
    amc     text not null check (amc ~ '^[0-9]{8,10}$'),
    csr     text not null check (csr ~ '^[A-Z0-9-]{0,10}$'),   -- empty where the cards bear none
    primary key (insurer, amc, csr)
);
