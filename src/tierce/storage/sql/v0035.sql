-- Whether the watch has spent the evidence for a lift of what it had put: told by the row itself, for the clocks of the
-- process that lifts and of the one that watches are two. What was spent before is what the clocks said until now.
alter table access.ladder add column spent boolean not null default false;
update access.ladder h set spent = true
where h.lifted is not null and not exists (
    select from access.evidence v join access.line l on l.id = v.line
    where v.at < h.lifted and (l.device = h.subject or exists (
        select from access.session s where s.device = h.subject and s.line = l.id)));
create index ladder_unspent on access.ladder (subject) where level = 2 and by = 'watch' and lifted is not null and not spent;
