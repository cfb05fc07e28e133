-- What an insurer answered on the way is kept by the engagement that it gave (docs/adr/0109): opened again, and priced, each is what
-- was said that day, whatever the insurer says of her later.
create table coverage.answered (
    seq       bigint primary key references care.engagement on delete cascade,
    person    bigint not null,
    insurer   smallint not null references registry.insurer,
    from_day  integer not null,
    until_day integer not null check (until_day >= from_day),
    sealed    bytea not null                        -- as in coverage.coverage
);
create index answered_person on coverage.answered (insurer, person);

-- Until now an answer lay among periods of cover, one for each first day: each engagement takes the one that its line names, or
-- the last that had begun by its day of care. Of each of these people one row is left there, of no domain: her member number. It stays
-- as long as any engagement. Nothing is read where nobody was ever asked about.
do $$ begin
    if not exists (select from person.asked) then
        return;
    end if;
    insert into coverage.answered (seq, person, insurer, from_day, until_day, sealed)
    select g.seq, g.person, g.insurer, c.from_day, c.until_day, c.sealed
    from care.engagement g
    join person.asked a on a.person = g.person and a.insurer = g.insurer
    left join journal.entry e on e.seq = g.seq
    cross join lateral (
        select v.from_day, v.until_day, v.sealed from coverage.coverage v
        where v.person = g.person and v.insurer = g.insurer and v.domains & (1 << (g.domain - 1)) <> 0
          and v.from_day <= g.care_day
        order by v.from_day = (('x' || encode(substring(e.body from 113 for 8), 'hex'))::bit(64)::bigint - 719163)
                     desc nulls last, v.from_day desc limit 1) c;
    delete from coverage.coverage c using person.asked a
    where c.person = a.person and c.insurer = a.insurer and exists (
        select from coverage.coverage o where o.person = c.person and o.insurer = c.insurer
          and (o.domains = 0, o.from_day) > (c.domains = 0, c.from_day));
    update coverage.coverage c set domains = 0, until_day = greatest(c.until_day, (
        select max(w.until_day) from care.engagement w
        where w.seq in (select x.seq from coverage.answered x where x.person = a.person and x.insurer = a.insurer)))
    from person.asked a where c.person = a.person and c.insurer = a.insurer;
end $$;
